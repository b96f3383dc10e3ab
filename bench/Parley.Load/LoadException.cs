namespace Parley.Load;

/// <summary>A command cannot go on, and its message says why in one line.</summary>
internal sealed class LoadException(string message) : Exception(message);
