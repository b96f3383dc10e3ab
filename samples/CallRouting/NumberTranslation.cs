using System.Text;
using Parley.Server.Proxy;
using Parley.Sip.Messages;

namespace CallRouting;

/// <summary>Makes international numbers of what people dial: 030 1234 is +49 30 1234, and 0044 20 1234 is +44 20 1234.</summary>
internal sealed class NumberTranslation(string countryCode) : IRequestStep
{
    public StepResult Run(ref RequestContext request)
    {
        if (request.Method != SipMethod.Invite || request.IsInDialog || request.Domain is null) return StepResult.Continue;
        string dialled = Encoding.UTF8.GetString(request.RequestUri.User);
        if (!dialled.StartsWith('0') || !dialled.All(char.IsAsciiDigit)) return StepResult.Continue;
        string number = dialled.StartsWith("00", StringComparison.Ordinal) ? $"+{dialled[2..]}" : $"+{countryCode}{dialled[1..]}";
        request.Retarget(new SipUri(number, request.Domain.Name));
        return StepResult.Continue;     // whoever comes next sees the new number
    }
}
