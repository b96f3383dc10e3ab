using System.Buffers;
using System.Buffers.Binary;
using Parley.Server.Configuration;
using Parley.Server.Push;
using Parley.Server.Storage;

namespace Parley.Server.Registrar;

/// <remarks>How a REGISTER changes a set: RFC 3261 10.3 steps 6 to 8, as one function of its inputs.</remarks>
internal readonly ref partial struct BindingSet
{
    /// <summary>RFC 3261 10.3 step 7: only requests for less than this may be refused as too brief.</summary>
    private const uint OneHourInSeconds = 3600;

    private const int MostCompared = 1024;      // bytes of a contact with push parameters

    /// <summary>Applies an update: all of it or nothing.</summary>
    /// <param name="existing">The bindings before; those that have ended count as gone. Not in <paramref name="result"/>'s memory.</param>
    /// <param name="update">What the REGISTER asks. Where it has the same address twice, the last one counts.</param>
    /// <param name="now">The wall-clock time.</param>
    /// <param name="limits">What may be granted.</param>
    /// <param name="comparer">Which addresses are the same.</param>
    /// <param name="result">Gets the record of the bindings after, nothing when none are left; when refused, the one of those before. What was in it is gone.</param>
    public static BindingOutcome Apply(
        BindingSet existing, BindingUpdate update, DateTimeOffset now, RegistrarOptions limits, IContactComparer comparer, ArrayBufferWriter<byte> result)
    {
        result.ResetWrittenCount();
        BindingOutcome outcome = update.WildcardCount > 0
            ? ApplyWildcard(existing, update, now)
            : ApplyContacts(existing, update, now, limits, comparer, result);
        if (outcome != BindingOutcome.Accepted) result.Write(existing.Record);
        return outcome;
    }

    /// <summary>Writes the bindings that have not ended, as a record; nothing when there are none.</summary>
    public void WriteLiveAt(DateTimeOffset now, ArrayBufferWriter<byte> destination)
    {
        Span<Entry> entries = stackalloc Entry[Count];
        int count = 0;
        for (Enumerator stored = LiveAt(now); stored.MoveNext(); count++) entries[count] = Entry.Stored(stored);
        Write(AddressOfRecord, this, null, entries[..count], destination);
    }

    private static BindingOutcome ApplyContacts(
        BindingSet existing, BindingUpdate update, DateTimeOffset now, RegistrarOptions limits, IContactComparer comparer, ArrayBufferWriter<byte> result)
    {
        // More contacts than could be both kept and removed: no phone means that, and the comparisons below stay few.
        if (update.ContactCount > limits.MaxContacts + existing.Count) return BindingOutcome.TooManyContacts;

        Span<Entry> entries = stackalloc Entry[update.ContactCount + existing.Count];
        Span<Entry> asked = entries[..update.ContactCount];
        int live = 0;
        for (Enumerator stored = existing.LiveAt(now); stored.MoveNext(); live++)
        {
            entries[asked.Length + live] = Entry.Stored(stored);
        }

        Span<Entry> kept = entries.Slice(asked.Length, live);
        for (int i = 0; i < asked.Length; i++)
        {
            BindingOutcome outcome = Examine(existing, update, i, now, limits, comparer, asked, kept);
            if (outcome != BindingOutcome.Accepted) return outcome;
        }

        entries = entries[..(asked.Length + live)];
        int count = SortMostPreferredFirst(entries);
        if (count > limits.MaxContacts && count > live) return BindingOutcome.TooManyContacts;
        Write(update.AddressOfRecord, existing, update, entries[..count], result);
        return BindingOutcome.Accepted;
    }

    /// <summary>RFC 3261 10.3 step 6: every binding goes, unless one of them is younger than the request.</summary>
    private static BindingOutcome ApplyWildcard(BindingSet existing, BindingUpdate update, DateTimeOffset now)
    {
        if (update.WildcardCount > 1 || update.ContactCount > 0 || update.Expires is not 0) return BindingOutcome.InvalidWildcard;
        foreach (Binding binding in existing.LiveAt(now))
        {
            if (IsOutOfOrder(binding, update)) return BindingOutcome.OutOfOrder;
        }

        return BindingOutcome.Accepted;
    }

    /// <summary>RFC 3261 10.3 step 7 for one contact of the request: what it is granted, and which binding it replaces.</summary>
    private static BindingOutcome Examine(
        BindingSet existing, BindingUpdate update, int index, DateTimeOffset now, RegistrarOptions limits, IContactComparer comparer, Span<Entry> asked, Span<Entry> kept)
    {
        if (!TryGrant(update.RequestedExpires(index), limits, update.LeastExpires, out uint seconds)) return BindingOutcome.IntervalTooBrief;

        ReadOnlySpan<byte> uri = update.ContactUri(index), instance = update.OutboundInstance(index);
        int stored = 0;
        foreach (Binding binding in existing.LiveAt(now))
        {
            if (IsSame(binding, uri, instance, update.RegId(index), comparer) || IsPushedAnew(binding, update, index, comparer))
            {
                if (IsOutOfOrder(binding, update)) return BindingOutcome.OutOfOrder;
                kept[stored].IsGone = true;
            }

            stored++;
        }

        for (int earlier = 0; earlier < index; earlier++)
        {
            bool isSameFlow = update.RegId(earlier) == update.RegId(index) && update.OutboundInstance(earlier).SequenceEqual(instance);
            if (isSameFlow && (!instance.IsEmpty || comparer.AreEquivalent(update.ContactUri(earlier), uri))) asked[earlier].IsGone = true;
        }

        asked[index] = Entry.Asked(update, index, now.AddSeconds(seconds), SinceOf(existing, update, index, now));
        asked[index].IsGone = seconds == 0;
        return asked[index].LengthBytes > limits.MaxBindingBytes ? BindingOutcome.BindingTooLarge : BindingOutcome.Accepted;
    }

    /// <summary>True when a contact replaces a binding: it has its instance and reg-id; or one of them is no outbound one, and the addresses are the same.</summary>
    /// <remarks>Source: RFC 3261 10.3 step 7, RFC 5626 6.</remarks>
    private static bool IsSame(in Binding binding, ReadOnlySpan<byte> uri, ReadOnlySpan<byte> instance, uint regId, IContactComparer comparer)
    {
        uint storedRegId = binding.RegId;
        if (regId > 0 && storedRegId > 0) return regId == storedRegId && instance.SequenceEqual(binding.Instance);
        return comparer.AreEquivalent(binding.Contact, uri);
    }

    /// <summary>Since when a contact's instance has been bound by one series of REGISTERs.</summary>
    /// <returns>Now, when nothing is bound of it, or when it comes with another Call-ID than it came with last on this flow; 0 without an instance.</returns>
    /// <remarks>Source: RFC 5627 5.1, 5.3.</remarks>
    private static long SinceOf(BindingSet existing, BindingUpdate update, int index, DateTimeOffset now)
    {
        ReadOnlySpan<byte> instance = update.Instance(index);
        if (instance.IsEmpty) return 0;
        long since = existing.SinceOf(instance, now);
        bool isKnown = false, isSame = false;
        foreach (Binding binding in existing.LiveAt(now))
        {
            // Bindings that are older than the series tell nothing of it: a phone that was restarted has left them behind.
            if (binding.InstanceSince != since || binding.RegId != update.RegId(index) || !binding.Instance.SequenceEqual(instance)) continue;
            isKnown = true;
            isSame |= binding.CallId.SequenceEqual(update.CallId);
        }

        return since == 0 || (isKnown && !isSame) ? Math.Max(now.ToUnixTimeMilliseconds(), since + 1) : since;
    }

    /// <summary>True when a contact is a binding's with another <c>pn-prid</c>: the push service knows the phone by that now, and the old one wakes nobody.</summary>
    /// <remarks>
    /// By RFC 3261 19.1.4 the two are different; it is one phone that comes with the same instance or in the same series of REGISTERs. Source: RFC 8599 4.1.3, 5.5.
    /// </remarks>
    private static bool IsPushedAnew(in Binding binding, BindingUpdate update, int index, IContactComparer comparer)
    {
        if (!update.Push.IsRequested || (binding.RegId > 0 && update.RegId(index) > 0)) return false;
        bool isSamePhone = update.CallId.SequenceEqual(binding.CallId) || (!binding.Instance.IsEmpty && update.Instance(index).SequenceEqual(binding.Instance));
        ReadOnlySpan<byte> uri = update.ContactUri(index);
        if (!isSamePhone || uri.Length > MostCompared || binding.Contact.Length > MostCompared) return false;
        Span<byte> asked = stackalloc byte[MostCompared];
        Span<byte> bound = stackalloc byte[MostCompared];
        return comparer.AreEquivalent(asked[..PushParameters.Write(uri, asked)], bound[..PushParameters.Write(binding.Contact, bound)]);
    }

    /// <summary>The granted interval, 0 for a removal.</summary>
    /// <returns>False when the request asks for too little.</returns>
    private static bool TryGrant(uint? requested, RegistrarOptions limits, uint least, out uint seconds)
    {
        seconds = 0;
        uint wanted = requested ?? Math.Max((uint)limits.DefaultExpires.TotalSeconds, least);
        if (requested is > 0 and < OneHourInSeconds && wanted < limits.LeastExpires(least)) return false;
        seconds = Math.Min(wanted, (uint)limits.MaxExpires.TotalSeconds);
        return true;
    }

    /// <summary>RFC 3261 10.3 steps 6 and 7: a request of the same Call-ID must have a higher CSeq than the one that set the binding.</summary>
    private static bool IsOutOfOrder(in Binding binding, BindingUpdate update) =>
        update.CSeq <= binding.CSeq && binding.CallId.SequenceEqual(update.CallId);

    /// <summary>Moves the entries that stay to the front, higher q first; equals keep their order: the request's, then the stored ones.</summary>
    /// <returns>How many stay.</returns>
    private static int SortMostPreferredFirst(Span<Entry> entries)
    {
        int count = 0;
        for (int i = 0; i < entries.Length; i++)
        {
            Entry entry = entries[i];
            if (entry.IsGone) continue;
            int at = count++;
            for (; at > 0 && entries[at - 1].Preference < entry.Preference; at--) entries[at] = entries[at - 1];
            entries[at] = entry;
        }

        return count;
    }

    private static void Write(
        ReadOnlySpan<byte> addressOfRecord, BindingSet existing, BindingUpdate? update, ReadOnlySpan<Entry> entries, ArrayBufferWriter<byte> destination)
    {
        if (entries.Length == 0) return;
        int at = RecordHeader.KeyOffset + addressOfRecord.Length;
        int length = at + ContentHeaderBytes;
        DateTimeOffset earliest = DateTimeOffset.MaxValue;
        foreach (ref readonly Entry entry in entries)
        {
            length += entry.LengthBytes;
            if (entry.ExpiresAt < earliest) earliest = entry.ExpiresAt;
        }

        Span<byte> record = destination.GetSpan(length)[..length];
        RecordHeader.Write(record, addressOfRecord);
        record[at] = LayoutVersion;
        BinaryPrimitives.WriteInt64LittleEndian(record[(at + 1)..], earliest.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt16LittleEndian(record[(at + 9)..], (ushort)entries.Length);
        Span<byte> rest = record[(at + ContentHeaderBytes)..];
        foreach (ref readonly Entry entry in entries)
        {
            if (entry.ContactIndex < 0) existing.Record.Slice(entry.Offset, entry.LengthBytes).CopyTo(rest);
            else WriteBinding(rest, update!.BindingOf(entry.ContactIndex, entry.ExpiresAt, entry.InstanceSince));
            rest = rest[entry.LengthBytes..];
        }

        destination.Advance(length);
    }

    private static void WriteBinding(Span<byte> destination, in Binding binding)
    {
        BinaryPrimitives.WriteInt64LittleEndian(destination, binding.ExpiresAt.ToUnixTimeMilliseconds());
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], binding.CSeq);
        BinaryPrimitives.WriteInt16LittleEndian(destination[12..], binding.Q);
        Span<byte> rest = destination[BindingHeaderBytes..];
        WriteText(ref rest, binding.Contact);
        WriteText(ref rest, binding.Parameters);
        WriteText(ref rest, binding.CallId);
        WriteText(ref rest, binding.UserAgent);
        WriteText(ref rest, binding.Source);
        WriteText(ref rest, binding.Path);
        if (binding.InstanceSince == 0)
        {
            WriteText(ref rest, binding.Instance);
            return;
        }

        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)(binding.Instance.Length + SinceBytes));
        binding.Instance.CopyTo(rest[2..]);
        BinaryPrimitives.WriteInt64LittleEndian(rest[(2 + binding.Instance.Length)..], binding.InstanceSince);
    }

    private static void WriteText(ref Span<byte> destination, ReadOnlySpan<byte> text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)text.Length);
        text.CopyTo(destination[2..]);
        destination = destination[(2 + text.Length)..];
    }

    private static int LengthOf(in Binding binding) =>
        BindingHeaderBytes + (2 * TextsPerBinding) + binding.Contact.Length + binding.Parameters.Length + binding.CallId.Length
        + binding.UserAgent.Length + binding.Source.Length + binding.Path.Length + binding.Instance.Length + (binding.InstanceSince == 0 ? 0 : SinceBytes);

    /// <summary>A binding of the result: a stored one by its place in the old record, or one that the request asks for.</summary>
    private struct Entry
    {
        public bool IsGone;
        public int ContactIndex;
        public int Offset;
        public int LengthBytes;
        public int Preference;
        public DateTimeOffset ExpiresAt;
        public long InstanceSince;

        public static Entry Stored(in Enumerator at) => new()
        {
            ContactIndex = -1,
            Offset = at.CurrentOffset,
            LengthBytes = at.CurrentEnd - at.CurrentOffset,
            Preference = at.Current.Preference,
            ExpiresAt = at.Current.ExpiresAt,
        };

        public static Entry Asked(BindingUpdate update, int index, DateTimeOffset expiresAt, long instanceSince)
        {
            Binding binding = update.BindingOf(index, expiresAt, instanceSince);
            return new Entry { ContactIndex = index, LengthBytes = LengthOf(binding), Preference = binding.Preference, ExpiresAt = expiresAt, InstanceSince = instanceSince };
        }
    }
}
