namespace Parley.Server.Messages;

/// <summary>A text that waits for a user.</summary>
/// <param name="User">The canonical address of record.</param>
/// <param name="Sender">Value of From without its tag.</param>
/// <param name="ContentType">The body's media type.</param>
/// <param name="Body">The body.</param>
/// <param name="Received">When it came.</param>
/// <param name="ExpiresAt">Until when it waits.</param>
internal sealed record StoredMessage(string User, string Sender, string ContentType, byte[] Body, DateTimeOffset Received, DateTimeOffset ExpiresAt)
{
    /// <summary>Its number in the store, by which texts are in the order in which they came; 0 before it is stored.</summary>
    public long Id { get; init; }
}
