using System.Buffers.Binary;
using System.Runtime.Intrinsics.X86;
using Parley.Rtp.Srtp;

namespace Parley.Media.Tests.Rtp.Srtp;

/// <summary>What the RFCs compute.</summary>
public class SrtpVectorTests
{
    private const string Salt = "517569642070726f2071756f";     // "Quid pro quo"
    private const string RtpPacket = "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573";
    private const string RtcpPacket = "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";

    /// <summary>RFC 3711 B.2, RFC 6188 7.1 and 7.3: the keystream's first and last blocks.</summary>
    [Theory]
    [InlineData(
        "2B7E151628AED2A6ABF7158809CF4F3C",
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0",
        "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44")]
    [InlineData(
        "57f82fe3613fd170a85ec93c40b1f0922ec4cb0dc025b58272147cc438944a98",
        "92bdd28a93c3f52511c677d08b5515a49da71b2378a854f67050756ded165bac63c4868b7096d88421b563b8c94c9a31",
        "cea518c90fd91ced9cbb18c078a547113dbc4814f4da5f00a08772b63c6a046d6eb246913062a16891433e97dd01a57f")]
    [InlineData(
        "eab234764e517b2d3d160d587d8c86219740f65f99b6bcf7",
        "35096cba4610028dc1b57503804ce37c5de986291dcce161d5165ec4568f5c9a474a40c77894bc17180202272a4c264d",
        "d108d1a31a00bad6367ec23eb044b415c8f57129fdeb970b59f917b257662d4ca5dab625811034e8cebdfeb6dc158dd3")]
    public void Counter_mode(string key, string first, string last)
    {
        byte[] counter = Convert.FromHexString("F0F1F2F3F4F5F6F7F8F9FAFBFCFD0000");
        foreach (AesCounterMode aes in CounterModes(Convert.FromHexString(key)))
        {
            using AesCounterMode disposed = aes;
            byte[] keystream = new byte[1_044_512];
            aes.Apply(counter, keystream);
            Assert.Equal(first, Convert.ToHexString(keystream.AsSpan(0, 48)), ignoreCase: true);
            Assert.Equal(last, Convert.ToHexString(keystream.AsSpan(keystream.Length - 48)), ignoreCase: true);
        }
    }

    /// <summary>RFC 3711 B.3, RFC 6188 7.2 and 7.4.</summary>
    [Theory]
    [InlineData(
        "E1F97A0D3E018BE0D64FA32C06DE4139", "0EC675AD498AFEEBB6960B3AABE6",
        "C61E7A93744F39EE10734AFE3FF7A087", "30CBBC08863D8C85D49DB34A9AE1",
        "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCEE049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC256D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2")]
    [InlineData(
        "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6", "3b04803de51ee7c96423ab5b78d2",
        "5ba1064e30ec51613cad926c5a28ef731ec7fb397f70a960653caf06554cd8c4", "fa31791685ca444a9e07c6c64e93",
        "fd9c32d39ed5fbb5a9dc96b30818454d1313dc05")]
    [InlineData(
        "73edc66c4fa15776fb57f9505c17136550ffda71f3e8e5f1", "c8522f3acd4ce86d5add78edbb11",
        "31874736a8f1143870c26e4857d8a5b2c4a354407faadabb", "2372b82d639b6d8503a47adc0a6c",
        "355b10973cd95b9eacf4061c7e1a7151e7cfbfcb")]
    public void Key_derivation(string masterKey, string masterSalt, string key, string salt, string authentication)
    {
        (SrtpKeyLabel Label, string Expected)[] keys =
            [(SrtpKeyLabel.RtpEncryption, key), (SrtpKeyLabel.RtpSalt, salt), (SrtpKeyLabel.RtpAuthentication, authentication)];
        foreach ((SrtpKeyLabel label, string expected) in keys)
        {
            byte[] derived = new byte[expected.Length / 2];
            SrtpKeyDerivation.Derive(Convert.FromHexString(masterKey), Convert.FromHexString(masterSalt), label, derived);
            Assert.Equal(expected, Convert.ToHexString(derived), ignoreCase: true);
        }
    }

    /// <summary>RFC 7714 16.1.1, 16.1.2, 16.2.1 and 16.2.2.</summary>
    [Theory]
    [InlineData(16, "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce")]
    [InlineData(32, "8040f17b8041f8d35501a0b232b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b7aa3db36dfffd6b0f9bb7878d7a76c13")]
    public void Gcm_of_rtp(int keyLength, string expected)
    {
        using var gcm = new GcmTransform(Key(keyLength), Convert.FromHexString(Salt));
        byte[] plain = Convert.FromHexString(RtpPacket), packet = [.. plain, .. new byte[16]];
        gcm.SealRtp(packet, 12, plain.Length, 0x5501a0b2, 0xf17b, default);
        Assert.Equal(expected, Convert.ToHexStringLower(packet));
        Assert.True(gcm.OpenRtp(packet, 12, plain.Length, 0x5501a0b2, 0xf17b));
        Assert.Equal(plain, packet[..plain.Length]);
    }

    /// <summary>RFC 7714 16.1.3, 16.1.4, 16.2.3 and 16.2.4: a tag alone.</summary>
    [Theory]
    [InlineData(16, "22493f82d2bce397e9d79e3b19aa4216")]
    [InlineData(32, "a866d5910f887463067ceefec45215d4")]
    public void Gcm_of_what_is_not_encrypted(int keyLength, string expected)
    {
        byte[] nonce = Convert.FromHexString("51753c6580c2726f20718414"), tag = new byte[16];
        foreach (GaloisCounterMode gcm in GaloisCounterModes(Key(keyLength)))
        {
            using GaloisCounterMode disposed = gcm;
            gcm.Encrypt(nonce, Convert.FromHexString(RtpPacket), default, tag);
            Assert.Equal(expected, Convert.ToHexStringLower(tag));
            Assert.True(gcm.TryDecrypt(nonce, Convert.FromHexString(RtpPacket), default, tag));
            tag[3] ^= 1;
            Assert.False(gcm.TryDecrypt(nonce, Convert.FromHexString(RtpPacket), default, tag));
        }
    }

    /// <summary>RFC 7714 17.1 to 17.4.</summary>
    [Theory]
    [InlineData(16, true, "81c8000d4d61727363e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4")]
    [InlineData(32, true, "81c8000d4d617273d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad1d1eb30c4446839f57ff6f6cb26ac3be800005d4")]
    [InlineData(16, false, RtcpPacket + "841dd9683dd78ec92ae58790125f62b3000005d4")]
    [InlineData(32, false, RtcpPacket + "91db4afbfeee5a978fab4393ed2615fe000005d4")]
    public void Gcm_of_rtcp(int keyLength, bool isEncrypted, string expected)
    {
        using var gcm = new GcmTransform(Key(keyLength), Convert.FromHexString(Salt));
        byte[] plain = Convert.FromHexString(RtcpPacket), packet = [.. plain, .. new byte[20]];
        uint word = 0x5d4 | (isEncrypted ? SrtpTransform.EncryptedFlag : 0);
        gcm.SealRtcp(packet, plain.Length, 0x4d617273, word, default);
        Assert.Equal(expected, Convert.ToHexStringLower(packet));
        Assert.True(gcm.OpenRtcp(packet, plain.Length, 0x4d617273, word));
        Assert.Equal(plain, packet[..plain.Length]);
    }

    [Fact]
    public void The_processor_and_the_platform_agree_at_every_length()
    {
        var random = new Random(7);
        byte[] data = new byte[1500], counter = new byte[16], nonce = new byte[12];
        random.NextBytes(data);
        random.NextBytes(nonce);
        foreach (int keyLength in (int[])[16, 24, 32])
        {
            byte[] key = new byte[keyLength];
            random.NextBytes(key);
            AesCounterMode[] modes = CounterModes(key);
            GaloisCounterMode[] gcms = keyLength == 24 ? [] : GaloisCounterModes(key);
            for (int length = 0; length <= 700; length++)
            {
                random.NextBytes(counter);
                BinaryPrimitives.WriteUInt32BigEndian(counter.AsSpan(12), uint.MaxValue - 5);   // it comes round
                Assert.Single(modes.Select(mode => Convert.ToHexString(Applied(mode, length))).Distinct());
                int associated = random.Next(0, 90);
                if (gcms.Length > 0) Assert.Single(gcms.Select(gcm => Encrypted(gcm, associated, length)).Distinct());
            }
        }

        byte[] Applied(AesCounterMode mode, int length)
        {
            byte[] copy = data[..length];
            mode.Apply(counter, copy);
            return copy;
        }

        string Encrypted(GaloisCounterMode gcm, int associated, int length)
        {
            byte[] copy = data[..length], tag = new byte[16];
            gcm.Encrypt(nonce, data.AsSpan(700, associated), copy, tag);
            string text = Convert.ToHexString(copy) + Convert.ToHexString(tag);
            Assert.True(gcm.TryDecrypt(nonce, data.AsSpan(700, associated), copy, tag));
            Assert.Equal(data[..length], copy);
            return text;
        }
    }

    private static byte[] Key(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];

    private static AesCounterMode[] CounterModes(byte[] key) =>
        Aes.IsSupported && Sse41.IsSupported ? [new PlatformCounterMode(key), new AesInstructionsCounterMode(key)] : [new PlatformCounterMode(key)];

    private static GaloisCounterMode[] GaloisCounterModes(byte[] key) =>
        GHash.IsSupported ? [new PlatformGaloisCounterMode(key), new GHashCounterMode(key)] : [new PlatformGaloisCounterMode(key)];
}
