using System.IO.Pipelines;

namespace Parley.Net.Streams;

/// <summary>The writing end of a transport that keeps messages apart: each buffer that a connection is given is one.</summary>
public abstract class MessagePipeWriter : PipeWriter
{
    /// <summary>What was written since the last call is a message.</summary>
    public abstract void EndMessage();
}
