namespace Parley.UserAgent.Messages;

/// <summary>A text that somebody sent, outside a call or in one.</summary>
/// <param name="From">The sender's address.</param>
/// <param name="DisplayName">The sender's name; empty when it does not say.</param>
/// <param name="To">Whom it was sent to.</param>
/// <param name="Text">The text.</param>
/// <remarks>Source: RFC 3428.</remarks>
public sealed record TextMessage(string From, string DisplayName, string To, string Text);

/// <summary>Takes texts that come in.</summary>
public interface ITextMessageHandler
{
    /// <summary>A text came; called on the lane.</summary>
    /// <returns>False when it cannot be taken now: the sender then hears that it was not delivered (480).</returns>
    bool OnMessage(TextMessage message);
}
