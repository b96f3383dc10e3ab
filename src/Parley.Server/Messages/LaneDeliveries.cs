using System.Buffers;
using System.Globalization;
using System.Text;
using Parley.Endpoint.Sip;
using Parley.Server.Hosting;
using Parley.Server.Proxy;
using Parley.Server.Registrar;
using Parley.Sip.Messages;
using Parley.UserAgent;
using Parley.UserAgent.Messages;
using Parley.UserAgent.Requests;

namespace Parley.Server.Messages;

/// <summary>Delivers what waits for a user to the phone that has just registered, one text after the other in the order in which they came.</summary>
/// <remarks>
/// What the phone takes with a 2xx is deleted; whatever else becomes of one ends the delivery until the next REGISTER. One delivery of a user is under way at
/// a time, on whichever lane. All members are the lane's.
/// </remarks>
internal sealed class LaneDeliveries(ServerLane server, UserAgentCore core)
{
    private readonly ArrayBufferWriter<byte> _bindings = new();

    /// <summary>A user has registered.</summary>
    public void OnRegistered(ReadOnlySpan<byte> addressOfRecord)
    {
        if (server.Server.Messages is { } store && store.HasFor(addressOfRecord)) Begin(store, Encoding.UTF8.GetString(addressOfRecord));
    }

    // A method of its own: where a lambda is, what it captures is allocated on the way to it.
    private void Begin(MessageStore store, string user) => store.TryTake(user, messages => server.Completions.Add(new Delivery(this, store, user, messages)));

    /// <summary>Sends a text to the most preferred phone: among equals the one that registered last.</summary>
    /// <returns>False when no phone is there.</returns>
    private bool TrySend(StoredMessage message, IMessageObserver observer)
    {
        SipLane lane = server.Lane;
        foreach (Binding binding in server.Server.Location.Find(Encoding.UTF8.GetBytes(message.User), _bindings).LiveAt(lane.Loop.Time.GetUtcNow()))
        {
            if (!SipUriView.TryParse(binding.Contact, out SipUriView uri) || !uri.IsSip) continue;
            SipFlow? flow = FindTargets.FlowTo(lane, binding, uri, out bool isGone);
            if (isGone || server.Push?.Look(CallerKind.Trusted, SipMethod.Message, Encoding.UTF8.GetBytes(message.User), binding, uri).IsAsleep == true) continue;
            core.Relay(
                new RelayedText(binding.Contact.ToArray(), Encoding.UTF8.GetBytes(message.Sender), Encoding.UTF8.GetBytes($"<sip:{message.User}>"), message.ContentType, message.Body)
                {
                    Route = binding.Path.ToArray(),
                    Flow = flow,
                    Headers = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"Date: {message.Received.UtcDateTime:R}\r\n")),
                },
                observer);
            return true;
        }

        return false;
    }

    private sealed class Delivery(LaneDeliveries deliveries, MessageStore store, string user, IReadOnlyList<StoredMessage> messages) : ILaneCompletion, IMessageObserver
    {
        private int _next;

        public ILaneCompletion? NextCompletion { get; set; }

        public void Complete() => SendNext();

        public void OnAnswered(in SipMessageView response)
        {
            if (response.StatusCode >= 300)
            {
                store.EndDelivery(user);
                return;
            }

            store.Delete(messages[_next++]);
            SendNext();
        }

        public void OnFailed(RequestFailure failure) => store.EndDelivery(user);

        private void SendNext()
        {
            if (_next >= messages.Count || !deliveries.TrySend(messages[_next], this)) store.EndDelivery(user);
        }
    }
}
