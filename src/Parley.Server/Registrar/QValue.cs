namespace Parley.Server.Registrar;

/// <summary>Writes the preference of a contact.</summary>
/// <remarks><c>qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )</c> (RFC 3261 25.1).</remarks>
internal static class QValue
{
    /// <summary>Room that <see cref="Write"/> needs.</summary>
    public const int MaxBytes = 5;

    /// <summary>Writes thousandths: <c>1.0</c>, <c>0.5</c>, <c>0.725</c>.</summary>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, int thousandths)
    {
        destination[0] = (byte)('0' + (thousandths / 1000));
        destination[1] = (byte)'.';
        destination[2] = (byte)('0' + (thousandths / 100 % 10));
        destination[3] = (byte)('0' + (thousandths / 10 % 10));
        destination[4] = (byte)('0' + (thousandths % 10));
        return thousandths % 10 != 0 ? 5 : thousandths % 100 != 0 ? 4 : 3;
    }
}
