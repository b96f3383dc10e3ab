namespace Parley.Operations;

/// <summary>Something that the server does for each message, and that has a budget.</summary>
/// <param name="Name">Its name in bench/budgets.json: <c>Class.Method</c> of its benchmark.</param>
/// <param name="Run">Does it once; the result is to keep it from being optimised away.</param>
public sealed record Operation(string Name, Func<int> Run);
