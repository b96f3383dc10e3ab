using System.Runtime.CompilerServices;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Messages;

/// <summary>The messages of RFC 4475 and RFC 5118, bit by bit, and what the message layer makes of one.</summary>
internal static class TortureVectors
{
    private static readonly string Root = Path.Combine(Path.GetDirectoryName(ThisFile())!, "vectors");

    /// <summary>The messages of an RFC, in order.</summary>
    public static IEnumerable<string?> Names(string rfc) =>
        Directory.GetFiles(Path.Combine(Root, rfc)).Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal);

    public static byte[] Bytes(string rfc, string name) => File.ReadAllBytes(Path.Combine(Root, rfc, name + ".dat"));

    public static TestMessage Read(string rfc, string name) => new(Bytes(rfc, name));

    /// <summary>"passes", "response", "dropped", or status and reason of the answer.</summary>
    public static string Outcome(TestMessage message)
    {
        if (message.Result.Kind == SipParseKind.Response) return "response";
        if (!message.Result.IsIndexed || !message.View.IsRequest) return "dropped";
        if (!message.IsMessage) return "400 " + message.Result.Reason;
        return SipRequestValidator.TryCheck(message.View, out SipRefusal refusal) ? "passes" : $"{refusal.Status} {TestMessage.Text(refusal.Reason)}";
    }

    /// <summary>Names of the headers that break their grammar.</summary>
    public static IEnumerable<string> MalformedHeaders(TestMessage message)
    {
        var malformed = new List<string>();
        foreach (HeaderDefinition definition in HeaderTable.All)
        {
            foreach (HeaderValue value in message.View.Values(definition.Id))
            {
                if (!value.IsClosed || !HeaderGrammar.IsWellFormed(definition.Id, value.Bytes)) malformed.Add(definition.Name);
            }
        }

        return malformed.Distinct();
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
