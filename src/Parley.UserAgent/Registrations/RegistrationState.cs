namespace Parley.UserAgent.Registrations;

/// <summary>Where a registration is.</summary>
public enum RegistrationState
{
    /// <summary>The registrar has no binding of this side.</summary>
    Unregistered,

    /// <summary>A REGISTER is under way, and none has been accepted before.</summary>
    Registering,

    /// <summary>The registrar has the binding.</summary>
    Registered,

    /// <summary>The binding could not be renewed, and is tried again after a while.</summary>
    Waiting,

    /// <summary>The binding is being removed.</summary>
    Unregistering,
}
