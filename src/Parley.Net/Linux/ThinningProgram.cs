using System.Buffers.Binary;
using System.Text;
using static Parley.Net.Linux.LibC;

namespace Parley.Net.Linux;

/// <summary>The packet filter by which the kernel drops a part of what comes to a socket, before it is queued (<see cref="DatagramThinning"/>), for any process; <see cref="AdjustableThinning"/> is for those that may load more.</summary>
/// <remarks>
/// <code>
/// start     the first four bytes        others than the ones given: keep
/// marks     for k = 24, 26, ..          the mark twice: keep; one of two parts of it is at an even place wherever it begins
/// field     as in <see cref="FieldProgram"/>  not there: keep
/// choose    sum % 4096 >= kept: drop
/// </code>
/// A program that is attached to a socket sees the UDP header too. It costs a microsecond where the datagram is delivered, in the kernel's time
/// or on loopback the sender's, and the socket's owner nothing.
/// </remarks>
internal sealed class ThinningProgram : FieldProgram
{
    private const int HeaderBytes = 8;          // of UDP
    private const int FirstMark = HeaderBytes + 24;
    private const int MarkSearchBytes = 384;
    private const int BlockBytes = 16;          // fewer than from one mark to the next: in a block there is one at most
    private const uint Keep = NotFound, Drop = 0;

    private ThinningProgram(DatagramThinning thinning, int searchBytes)
    {
        Write(LoadLength);
        Write(JumpIfNotLess, HeaderBytes + WordBytes, ifTrue: 1);
        Write(Return, Keep);
        Write(LoadWord, HeaderBytes);
        for (int i = 0; i < thinning.Starts.Count; i++)
        {
            Write(JumpIfEqual, WordOf(thinning.Starts[i], 0), ifTrue: (byte)(thinning.Starts.Count - i));
        }

        Write(Return, Keep);
        WriteMarks(thinning.Mark);
        WriteSumOfField(thinning.Field, searchBytes);
        Write(And, DatagramThinning.Parts - 1);
        Write(JumpIfNotLess, (uint)thinning.Kept, ifTrue: 1);
        Write(Return, Keep);
        Write(Return, Drop);
    }

    /// <summary>Has the kernel drop what is too much.</summary>
    /// <returns>False when it cannot, and drops nothing.</returns>
    public static bool TryAttach(int fd, DatagramThinning thinning)
    {
        FieldProgram Write(int searchBytes) => new ThinningProgram(thinning, Math.Min(searchBytes, DatagramThinning.SearchBytes));

        // In the place of another one, which is there meanwhile; where there is no room for both, what comes in between comes in.
        return TryAttach(fd, SO_ATTACH_FILTER, Write) || (TryDetach(fd) && TryAttach(fd, SO_ATTACH_FILTER, Write));
    }

    /// <summary>Has the kernel drop nothing any more.</summary>
    public static bool TryDetach(int fd) => SetOption(fd, SOL_SOCKET, SO_DETACH_FILTER, 0);

    // Looks for the first mark, and behind the block it is in for the second.
    private void WriteMarks(string mark)
    {
        int blocks = (MarkSearchBytes - FirstMark) / BlockBytes;
        var toSecond = new int[blocks];
        List<int> toField = [];
        for (int block = 0; block < blocks; block++) toSecond[block] = WriteBlock(mark, block, toField);
        toField.Add(Write(Jump));
        for (int block = 1; block < blocks; block++)
        {
            EndJump(toSecond[block - 1]);
            int found = WriteBlock(mark, block, toField);
            int skip = Write(Jump);
            EndJump(found);
            Write(Return, Keep);
            EndJump(skip);
        }

        EndJump(toSecond[blocks - 1]);
        foreach (int jump in toField) EndJump(jump);
    }

    /// <returns>The jump that is taken when the mark is in the block; without it the program goes on behind.</returns>
    private int WriteBlock(string mark, int block, List<int> toField)
    {
        int start = FirstMark + (block * BlockBytes);
        int words = BlockBytes / 2;
        Write(LoadLength);
        Write(JumpIfNotLess, (uint)(start + BlockBytes + WordBytes), ifTrue: 1);
        toField.Add(Write(Jump));
        for (int word = 0; word < words; word++)
        {
            byte toFound = (byte)((words - 1 - word) * 3);
            Write(LoadWord, (uint)(start + (2 * word)));
            Write(JumpIfEqual, WordOf(mark, 0), ifTrue: (byte)(toFound + 2));
            Write(JumpIfEqual, WordOf(mark, 1), ifTrue: (byte)(toFound + 1));
        }

        int skip = Write(Jump);
        int found = Write(Jump);
        EndJump(skip);
        return found;
    }

    private static uint WordOf(string text, int start) => BinaryPrimitives.ReadUInt32BigEndian(Encoding.ASCII.GetBytes(text[start..(start + WordBytes)]));
}
