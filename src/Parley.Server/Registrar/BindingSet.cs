using System.Buffers.Binary;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <summary>All bindings of one address of record at one moment, the most preferred first: a view over bytes that somebody else owns.</summary>
/// <remarks>
/// The default value is the empty set. Order: higher q first, among equals the one that was registered last.
/// Valid until its owner writes those bytes again. They are the record that the location table holds and the storage keeps:
/// <code>
/// RecordHeader with the address of record as key, then
/// offset  size
///      0     1  version of this layout, 1
///      1     8  the earliest expiry, milliseconds since 1970, little-endian as all numbers here
///      9     2  number of bindings, 1 or more
/// and per binding
///      0     8  expiry, milliseconds since 1970
///      8     4  CSeq
///     12     2  q in thousandths, -1 for none
///     14     2  length of the contact, then its bytes; so do parameters, Call-ID, User-Agent, source, path and instance.
///               The parameters of an outbound binding (RFC 5626) begin with its reg-id. Behind the instance, and counted with it, are
///               the 8 bytes since when it has been bound, milliseconds since 1970, whose last is 0 as no instance's is.
/// </code>
/// </remarks>
internal readonly ref partial struct BindingSet
{
    /// <summary>The q of a contact that gave none.</summary>
    public const short NoQ = -1;

    internal const byte LayoutVersion = 1;
    internal const int ContentHeaderBytes = 11;
    internal const int BindingHeaderBytes = 14;
    internal const int TextsPerBinding = 7;
    private const int SinceBytes = 8;
    private const int MaxStored = 1000;                             // well above what RegistrarOptions.MaxContacts allows
    private const long MaxUnixMilliseconds = 253402300799999;       // the last millisecond of the year 9999

    internal BindingSet(ReadOnlySpan<byte> record) => Record = record;

    /// <summary>How many bindings it has, expired ones included.</summary>
    public int Count => IsEmpty ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(Content[9..]);

    /// <summary>True when it has none.</summary>
    public bool IsEmpty => Record.IsEmpty;

    /// <summary>The canonical address of record; empty for the empty set.</summary>
    public ReadOnlySpan<byte> AddressOfRecord => IsEmpty ? default : RecordHeader.KeyOf(Record);

    /// <summary>When the first of its bindings ends.</summary>
    /// <value><see cref="DateTimeOffset.MaxValue"/> for the empty set.</value>
    public DateTimeOffset EarliestExpiry => IsEmpty
        ? DateTimeOffset.MaxValue
        : DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(Content[1..]));

    /// <summary>The record; empty for the empty set.</summary>
    internal ReadOnlySpan<byte> Record { get; }

    private ReadOnlySpan<byte> Content => Record[RecordHeader.ContentOffset(Record)..];

    /// <summary>True when bytes from a store are a record of this layout, so that reading it stays within it.</summary>
    internal static bool IsValidRecord(ReadOnlySpan<byte> record)
    {
        if (record.Length < RecordHeader.KeyOffset || record.Length < RecordHeader.ContentOffset(record) + ContentHeaderBytes) return false;
        ReadOnlySpan<byte> rest = record[RecordHeader.ContentOffset(record)..];
        int count = BinaryPrimitives.ReadUInt16LittleEndian(rest[9..]);
        if (rest[0] != LayoutVersion || !IsTime(rest[1..]) || count is 0 or > MaxStored) return false;
        rest = rest[ContentHeaderBytes..];
        for (; count > 0; count--)
        {
            if (rest.Length < BindingHeaderBytes || !IsTime(rest)) return false;
            rest = rest[BindingHeaderBytes..];
            for (int text = 0; text < TextsPerBinding; text++)
            {
                if (rest.Length < 2) return false;
                int length = 2 + BinaryPrimitives.ReadUInt16LittleEndian(rest);
                if (rest.Length < length) return false;
                rest = rest[length..];
            }
        }

        return rest.IsEmpty;
    }

    /// <summary>How the parameters of an outbound binding begin.</summary>
    internal static ReadOnlySpan<byte> RegIdPrefix => ";reg-id="u8;

    /// <summary>The reg-id at the beginning of parameters; 0 for none.</summary>
    internal static uint RegIdOf(ReadOnlySpan<byte> parameters) =>
        parameters.StartsWith(RegIdPrefix) && System.Buffers.Text.Utf8Parser.TryParse(parameters[RegIdPrefix.Length..], out uint regId, out _) ? regId : 0;

    private static bool IsTime(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes) is >= 0 and <= MaxUnixMilliseconds;

    /// <summary>Since when an instance has been bound by one series of REGISTERs: the latest that its bindings say.</summary>
    /// <value>Milliseconds since 1970; 0 when it is not bound.</value>
    public long SinceOf(ReadOnlySpan<byte> instance, DateTimeOffset now)
    {
        long since = 0;
        foreach (Binding binding in LiveAt(now))
        {
            if (binding.InstanceSince > since && binding.Instance.SequenceEqual(instance)) since = binding.InstanceSince;
        }

        return since;
    }

    /// <summary>Walks over the bindings that have not ended.</summary>
    public Enumerator LiveAt(DateTimeOffset now) => new(Record, now.ToUnixTimeMilliseconds());

    /// <summary>Walks over all bindings, expired ones included.</summary>
    public Enumerator GetEnumerator() => new(Record, long.MinValue);

    /// <summary>Walks over bindings, the most preferred first.</summary>
    public ref struct Enumerator
    {
        private readonly ReadOnlySpan<byte> _record;
        private readonly long _now;
        private int _next;
        private int _left;

        internal Enumerator(ReadOnlySpan<byte> record, long nowUnixMilliseconds)
        {
            _record = record;
            _now = nowUnixMilliseconds;
            if (record.IsEmpty) return;
            int content = RecordHeader.ContentOffset(record);
            _left = BinaryPrimitives.ReadUInt16LittleEndian(record[(content + 9)..]);
            _next = content + ContentHeaderBytes;
        }

        /// <summary>The binding; valid as long as the set.</summary>
        public Binding Current { get; private set; }

        /// <summary>Where in the record <see cref="Current"/> begins.</summary>
        internal int CurrentOffset { get; private set; }

        /// <summary>Where it ends.</summary>
        internal readonly int CurrentEnd => _next;

        /// <summary>Moves to the next binding.</summary>
        public bool MoveNext()
        {
            while (_left > 0)
            {
                _left--;
                long expiresAt = BinaryPrimitives.ReadInt64LittleEndian(_record[_next..]);
                if (expiresAt <= _now)
                {
                    Skip();
                    continue;
                }

                CurrentOffset = _next;
                Current = Read(expiresAt);
                return true;
            }

            return false;
        }

        /// <summary>For <c>foreach</c>.</summary>
        public readonly Enumerator GetEnumerator() => this;

        private void Skip()
        {
            _next += BindingHeaderBytes;
            for (int i = 0; i < TextsPerBinding; i++) Text();
        }

        private Binding Read(long expiresAt)
        {
            ReadOnlySpan<byte> header = _record.Slice(_next, BindingHeaderBytes);
            _next += BindingHeaderBytes;
            var binding = new Binding
            {
                ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(expiresAt),
                CSeq = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
                Q = BinaryPrimitives.ReadInt16LittleEndian(header[12..]),
                Contact = Text(),
                Parameters = Text(),
                CallId = Text(),
                UserAgent = Text(),
                Source = Text(),
                Path = Text(),
                Instance = Text(),
            };
            return binding.Instance is [.. var instance, _, _, _, _, _, _, _, 0]
                ? binding with { Instance = instance, InstanceSince = BinaryPrimitives.ReadInt64LittleEndian(binding.Instance[^SinceBytes..]) }
                : binding;
        }

        private ReadOnlySpan<byte> Text()
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(_record[_next..]);
            ReadOnlySpan<byte> text = _record.Slice(_next + 2, length);
            _next += 2 + length;
            return text;
        }
    }
}
