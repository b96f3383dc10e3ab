using System.Collections.Immutable;

namespace Parley.Server.Configuration;

/// <summary>How phones that sleep are woken: by a webhook, which has push notifications sent to them.</summary>
/// <remarks>Source: RFC 8599.</remarks>
public sealed record PushOptions
{
    /// <summary>The least time that a binding with push parameters is kept for: time enough for the phone to be woken before it ends, and for a second try.</summary>
    internal static readonly TimeSpan LeastExpires = TimeSpan.FromSeconds(300);

    /// <summary>Where push notifications are asked for; null wakes nobody.</summary>
    /// <value>An http or https URL. Default null.</value>
    public Uri? Url { get; init; }

    /// <summary>The key of the signature that each request bears; null for none.</summary>
    public string? Secret { get; init; }

    /// <summary>The bearer token that each request bears; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The push notification services that the webhook serves, as <c>pn-provider</c> names them; one or more.</summary>
    /// <value>Default those that RFC 8599 14.5 registers.</value>
    public ImmutableArray<string> Providers { get; init; } = ["apns", "fcm", "webpush"];

    /// <summary>How long a call waits for a phone that was woken. Other requests wait for 10 s at most, as their time is short (RFC 4320, RFC 4321).</summary>
    /// <value>1 s to 60 s. Default 20 s: RFC 8599 5.6.2 found about 2 s, and a phone without a good network needs more.</value>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Requests that may wait at once, of all phones.</summary>
    /// <value>1 to 1000000. Default 10000.</value>
    public int MaxWaiting { get; init; } = 10_000;

    /// <summary>Whether calls of callers who are neither authenticated nor trusted wake phones.</summary>
    /// <value>Default false: they could send pushes, and see by the wait who exists.</value>
    public bool Strangers { get; init; }

    /// <summary>A REGISTER with push parameters for less is refused with 423.</summary>
    /// <value>300 s to 3600 s. Default 600 s: each end of a binding costs a push.</value>
    public TimeSpan MinExpires { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>How long the webhook may take for one answer.</summary>
    /// <value>1 s to 30 s. Default 5 s.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many requests to the webhook are under way at once.</summary>
    /// <value>1 to 256. Default 16.</value>
    public int Concurrency { get; init; } = 16;

    /// <summary>True when phones are woken.</summary>
    internal bool IsOn => Url is not null;

    /// <summary>The place of a service among <see cref="Providers"/>; -1 for one that is not served.</summary>
    internal int IndexOf(ReadOnlySpan<byte> provider)
    {
        for (int i = 0; i < Providers.Length; i++)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(provider, Providers[i])) return i;
        }

        return -1;
    }

    /// <summary>Where the webhook is; no secret.</summary>
    public override string ToString() => Url?.AbsoluteUri ?? "";

    /// <inheritdoc/>
    public bool Equals(PushOptions? other) =>
        other is not null && Url == other.Url && Secret == other.Secret && Token == other.Token && Providers.SequenceEqual(other.Providers) && Wait == other.Wait
        && MaxWaiting == other.MaxWaiting && Strangers == other.Strangers && MinExpires == other.MinExpires && Timeout == other.Timeout && Concurrency == other.Concurrency;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Url, Secret, Token, Providers.Length, Wait, MaxWaiting, Strangers, MinExpires);
}
