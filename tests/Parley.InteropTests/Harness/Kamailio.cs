using System.Net;
using System.Net.Sockets;

namespace Parley.InteropTests.Harness;

/// <summary>Debian's Kamailio as registrar and proxy of a domain of its own, which takes everybody's word for who they are.</summary>
internal static class Kamailio
{
    /// <summary>Starts one and waits until it can be reached.</summary>
    /// <param name="bench">The test's.</param>
    /// <param name="domain">Its domain.</param>
    /// <param name="elsewhere">Where it sends what is for other domains: it asks the system's DNS servers, which do not know the test's.</param>
    /// <param name="address">Where it listens, over UDP and TCP.</param>
    /// <param name="certificate">Files of a certificate and its key, with which it listens by TLS too, at port 5061, and goes to other domains; the address has to be in it, as Kamailio names itself by that in routes.</param>
    public static async Task<IPEndPoint> StartAsync(Bench bench, string domain, IPEndPoint elsewhere, IPAddress address, (string Certificate, string Key)? certificate = null)
    {
        string tls = certificate is not { } files ? "" : $"""
            enable_tls=yes
            listen=tls:{address}:5061
            loadmodule "tls.so"
            modparam("tls", "certificate", "{files.Certificate}")
            modparam("tls", "private_key", "{files.Key}")
            modparam("tls", "tls_method", "TLSv1.2+")
            modparam("tls", "verify_certificate", 0)
            modparam("tls", "require_certificate", 0)
            """;
        string transport = certificate is null ? "$proto" : "\"tls\"";
        var endpoint = new IPEndPoint(address, 5060);
        string file = bench.PathOf("kamailio.cfg");
        await File.WriteAllTextAsync(file, $$"""
            #!KAMAILIO
            debug=1
            log_stderror=yes
            children=1
            tcp_children=1
            auto_aliases=no
            dns_try_ipv6=no
            listen=udp:{{endpoint}}
            listen=tcp:{{endpoint}}
            alias="{{domain}}"
            {{tls}}
            loadmodule "tm.so"
            loadmodule "sl.so"
            loadmodule "rr.so"
            loadmodule "pv.so"
            loadmodule "maxfwd.so"
            loadmodule "textops.so"
            loadmodule "siputils.so"
            loadmodule "usrloc.so"
            loadmodule "registrar.so"
            modparam("usrloc", "db_mode", 0)
            request_route {
                if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
                if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
                if (has_totag()) {
                    if (loose_route()) { t_relay(); exit; }
                    if (is_method("ACK")) { if (t_check_trans()) t_relay(); exit; }
                    sl_send_reply("404", "Not Here");
                    exit;
                }
                t_check_trans();
                if (is_method("REGISTER")) { save("location"); exit; }
                remove_hf("Route");
                record_route();
                if (uri == myself) {
                    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
                } else {
                    $du = "sip:{{elsewhere}};transport=" + {{transport}};
                }
                t_relay();
            }
            """);
        string run = bench.NewFolder("kamailio");
        bench.Start("kamailio", Programs.Kamailio, ["-f", file, "-DD", "-E", "-m", "64", "-M", "8", "-P", Path.Combine(run, "pid"), "-Y", run, "-w", run]);
        await Loopback.BoundAsync(endpoint, ProtocolType.Udp);
        await Loopback.BoundAsync(endpoint, ProtocolType.Tcp);
        return endpoint;
    }
}
