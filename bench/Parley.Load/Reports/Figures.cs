using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Parley.Load.Reports;

/// <summary>Named figures in order: a line of <c>name=value</c> for people, an object for programs.</summary>
internal sealed class Figures
{
    private readonly List<(string Name, object Value)> _all = [];

    /// <summary>Adds a name.</summary>
    public Figures Add(string name, string value) => AddAny(name, value);

    /// <summary>Adds a whole number.</summary>
    public Figures Add(string name, long value) => AddAny(name, value);

    /// <summary>Adds a number.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">The number.</param>
    /// <param name="digits">Digits after the point.</param>
    public Figures Add(string name, double value, int digits) => AddAny(name, Math.Round((decimal)value, digits));

    /// <summary>Adds a time in microseconds.</summary>
    public Figures AddMicroseconds(string name, TimeSpan time) => Add(name, time.TotalMicroseconds, 1);

    /// <summary>Adds all of another's.</summary>
    public Figures Add(Figures others)
    {
        _all.AddRange(others._all);
        return this;
    }

    /// <summary>The line.</summary>
    public override string ToString() =>
        string.Join(' ', _all.Select(figure => string.Create(CultureInfo.InvariantCulture, $"{figure.Name}={figure.Value}")));

    /// <summary>The object, on one line.</summary>
    public string ToJson()
    {
        using var memory = new MemoryStream();
        using (var json = new Utf8JsonWriter(memory))
        {
            json.WriteStartObject();
            foreach ((string name, object value) in _all)
            {
                if (value is long whole) json.WriteNumber(name, whole);
                else if (value is decimal number) json.WriteNumber(name, number);
                else json.WriteString(name, (string)value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(memory.ToArray());
    }

    private Figures AddAny(string name, object value)
    {
        _all.Add((name, value));
        return this;
    }
}
