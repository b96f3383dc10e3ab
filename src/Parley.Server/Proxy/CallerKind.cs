namespace Parley.Server.Proxy;

/// <summary>What is known of who sent a request.</summary>
public enum CallerKind
{
    /// <summary>Nothing: may reach our users and nobody else.</summary>
    Stranger,

    /// <summary>It is part of a dialog that this server stays on the path of: its Route proves it. Goes where it asks.</summary>
    InDialog,

    /// <summary>One of our users, by digest credentials. May call anyone.</summary>
    LocalUser,

    /// <summary>It came from a network of the configuration's <c>trusted</c>. May call anyone, as anyone.</summary>
    Trusted,
}
