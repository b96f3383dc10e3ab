namespace Parley.Server.Accounts;

/// <summary>How a change of an account ended.</summary>
public enum AccountResult
{
    /// <summary>It is stored.</summary>
    Done,

    /// <summary>There is an account of this name; nothing was changed.</summary>
    AlreadyExists,

    /// <summary>There is no account of this name; nothing was changed.</summary>
    NotFound,
}

/// <summary>An account in a list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Realm">The realm that its password was set for.</param>
public readonly record struct AccountListing(AccountName Name, string Realm);
