using System.IO.Pipelines;
using Parley.Core;

namespace Parley.Net.Streams;

/// <summary>A connection that somebody made for a loop, which owns it from then on.</summary>
/// <param name="Transport">Its pipe.</param>
/// <param name="Local">This side's address.</param>
/// <param name="Owner">Disposed when the connection is over.</param>
public sealed record DialledStream(IDuplexPipe Transport, NetworkAddress Local, IAsyncDisposable Owner);
