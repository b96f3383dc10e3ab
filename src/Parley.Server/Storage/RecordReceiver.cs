namespace Parley.Server.Storage;

/// <summary>Takes a record that was read.</summary>
/// <param name="record">The receiver's to read and to change, until it returns.</param>
internal delegate void RecordReceiver(Span<byte> record);
