namespace Parley.Server.Proxy;

/// <summary>What is taken from a request's Route before it is forwarded.</summary>
/// <param name="First">How many of the first values named this server.</param>
/// <param name="HasLast">True when the last value is the Request-URI that a strict router had put there (RFC 3261 16.4).</param>
internal readonly record struct RouteChanges(int First, bool HasLast);
