namespace Parley.Server.Authentication;

/// <summary>What a request's credentials turned out to be.</summary>
internal enum CredentialsResult
{
    /// <summary>One of our users sent it.</summary>
    Ok,

    /// <summary>There are none for us, or they cannot be used: challenge.</summary>
    Missing,

    /// <summary>They are right, and too old or used before: challenge with stale=true.</summary>
    Stale,

    /// <summary>They were made for another request: 400.</summary>
    WrongUri,

    /// <summary>Malformed: 400.</summary>
    Malformed,

    /// <summary>They were not looked at, as too many were wrong: drop the request.</summary>
    Held,

    /// <summary>No such user, or not his password: 403.</summary>
    Wrong,
}
