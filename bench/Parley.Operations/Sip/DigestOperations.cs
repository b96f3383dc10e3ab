using System.Text;
using Parley.Sip.Authentication;

namespace Parley.Operations.Sip;

/// <summary>What a registrar does for a REGISTER with and without credentials, and what an account costs to make.</summary>
public sealed class DigestOperations
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly DigestAuthenticator _server = new(new DigestOptions(), new byte[32], Now);
    private readonly DigestSecret _secret = DigestSecret.Compute("alice", "atlanta.example", "s3cret");
    private readonly byte[] _md5;
    private readonly byte[] _sha256;
    private readonly byte[] _sha512;
    private readonly byte[] _written = new byte[2048];

    public DigestOperations()
    {
        _md5 = Answer(DigestAlgorithm.Md5);
        _sha256 = Answer(DigestAlgorithm.Sha256);
        _sha512 = Answer(DigestAlgorithm.Sha512Truncated256);
    }

    public IEnumerable<Operation> All =>
    [
        new("DigestBenchmarks.Parse", Parse),
        new("DigestBenchmarks.VerifyMd5", VerifyMd5),
        new("DigestBenchmarks.VerifySha256", VerifySha256),
        new("DigestBenchmarks.VerifySha512Truncated256", VerifySha512Truncated256),
        new("DigestBenchmarks.WriteChallenges", WriteChallenges),
        new("DigestBenchmarks.ComputeSecret", ComputeSecret),
    ];

    public int Parse() => DigestCredentials.TryParse(_md5, out DigestCredentials credentials) == DigestParseResult.Ok ? credentials.Username.Length : 0;

    public int VerifyMd5() => Verify(_md5);

    public int VerifySha256() => Verify(_sha256);

    public int VerifySha512Truncated256() => Verify(_sha512);

    public int WriteChallenges() => _server.WriteChallenges(Now, "WWW-Authenticate"u8, "atlanta.example"u8, isStale: false, _written);

    /// <summary>Allocates what it makes.</summary>
    public int ComputeSecret() => DigestSecret.Compute("alice", "atlanta.example", "s3cret").Bytes.Length;

    /// <summary>Parsed and verified; from the second run on the count is one that was used, which is found out last.</summary>
    private int Verify(byte[] value)
    {
        if (DigestCredentials.TryParse(value, out DigestCredentials credentials) != DigestParseResult.Ok) return 0;
        DigestResult result = _server.Verify(
            Now, credentials, "atlanta.example"u8, _secret.Ha1(credentials.Algorithm), "REGISTER"u8, "sip:atlanta.example"u8, default);
        return result is DigestResult.Ok or DigestResult.Replayed ? 1 : 0;
    }

    private byte[] Answer(DigestAlgorithm algorithm)
    {
        var challenger = new DigestAuthenticator(new DigestOptions { Algorithms = [algorithm] }, new byte[32], Now);
        DigestExchange exchange = new DigestClient("alice", "s3cret").Begin();
        exchange.OnChallenge(isProxy: false, challenger.MakeChallenges(Now, "atlanta.example"u8, isStale: false).Select(Encoding.UTF8.GetString));
        return Encoding.UTF8.GetBytes(exchange.Authorize("REGISTER", "sip:atlanta.example", default)[0].Value);
    }
}
