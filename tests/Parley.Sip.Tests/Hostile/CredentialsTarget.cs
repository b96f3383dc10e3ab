using System.Text;
using Parley.Sip.Authentication;
using Parley.Sip.Messages;

namespace Parley.Sip.Tests.Hostile;

/// <summary>Challenges and credentials: what reads them, and what answers a challenge.</summary>
internal static class CredentialsTarget
{
    public static ulong Run(byte[] input)
    {
        var seen = new Features();
        Look(input, ref seen);
        return seen.Value;
    }

    public static void Look(ReadOnlySpan<byte> value, ref Features seen)
    {
        bool isRead = CredentialsView.TryParse(value, out CredentialsView credentials);
        seen.Add(isRead);
        if (isRead)
        {
            seen.Add(credentials.IsDigest);
            foreach (CredentialParameterView parameter in credentials.Parameters)
            {
                seen.Add(parameter.Name.Length);
                seen.Add(parameter.IsQuoted);
                _ = parameter.Value.Length;
            }

            _ = credentials.TryGet("realm"u8, out _);
        }

        DigestParseResult result = DigestCredentials.TryParse(value, out DigestCredentials digest);
        seen.Add((int)result);
        if (result == DigestParseResult.Ok)
        {
            Must.Hold(isRead && credentials.IsDigest, "Digest credentials that are no credentials");
            seen.Add(digest.NonceCount > 0);
            seen.Add(digest.IsUsernameExtended);
            seen.Add((int)digest.Algorithm);
            Must.Hold(digest.GetUsername(new byte[digest.Username.Length]).Length <= digest.Username.Length, "A longer name than was written");
            _ = digest.GetUsername([]).Length;
            _ = digest.IsForRealm("example.com"u8);
        }

        LookAtChallenge(value, ref seen);
    }

    private static void LookAtChallenge(ReadOnlySpan<byte> value, ref Features seen)
    {
        DigestParseResult result = DigestChallenge.TryParse(value, out DigestChallenge? challenge);
        seen.Add((int)result);
        Must.Hold(result == DigestParseResult.Ok == challenge is not null, "A result without its challenge");
        if (challenge is null) return;
        seen.Add((int)challenge.Qop);
        seen.Add((int)challenge.Algorithm);
        DigestExchange exchange = new DigestClient("al\"ice", "secret").Begin();
        Must.Hold(exchange.OnChallenge(isProxy: true, [Encoding.UTF8.GetString(value)]) == DigestAnswer.Retry, "A challenge that cannot be answered");
        DigestHeader header = exchange.Authorize("INVITE", "sip:a@b", "body"u8).Single();

        // What is answered can stand in a message, and is read there as it was meant.
        SipHeaders headers = SipHeaders.Empty.Add(header.Name, header.Value);
        DigestParseResult answered = DigestCredentials.TryParse(Encoding.UTF8.GetBytes(headers[HeaderId.ProxyAuthorization]!), out DigestCredentials answer);
        Must.Hold(answered == DigestParseResult.Ok, $"Credentials that are {answered}: {header.Value}");
        Must.Hold(answer.IsForRealm(Encoding.UTF8.GetBytes(challenge.Realm)), $"Credentials for another realm: {header.Value}");
        Must.Hold(answer.Nonce.SequenceEqual(Encoding.UTF8.GetBytes(challenge.Nonce)), $"Another nonce: {header.Value}");
        Must.Hold(answer.Algorithm == challenge.Algorithm && answer.IsSession == challenge.IsSession, $"Another algorithm: {header.Value}");
    }
}
