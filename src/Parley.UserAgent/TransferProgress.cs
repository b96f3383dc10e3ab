namespace Parley.UserAgent;

/// <summary>How far a transfer has come, as who was asked to call tells it.</summary>
/// <param name="StatusCode">The status of its call: 100 to 699.</param>
/// <param name="ReasonPhrase">Its phrase.</param>
public sealed record TransferProgress(int StatusCode, string ReasonPhrase);
