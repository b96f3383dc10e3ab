namespace Parley.Load.Servers;

/// <summary>Kamailio's configuration for the work that is measured: registrar and proxy in one, with nothing that the work does not need.</summary>
internal static class KamailioConfiguration
{
    /// <summary>Writes it.</summary>
    /// <param name="domain">The domain that it serves.</param>
    /// <param name="users">How many users it knows: user0, user1 and so on.</param>
    /// <remarks>The users' hashes are put into a table in shared memory when it starts, so a registration costs neither a database nor a hash of the password.</remarks>
    public static string For(string domain, int users) => $$"""
        #!KAMAILIO
        debug=-1
        log_stderror=yes
        disable_tcp=yes
        auto_aliases=no
        dns=no
        rev_dns=no
        alias="{{domain}}"
        max_while_loops={{users + 1}}

        loadmodule "pv.so"
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "rr.so"
        loadmodule "auth.so"
        loadmodule "htable.so"
        loadmodule "maxfwd.so"
        loadmodule "usrloc.so"
        loadmodule "textops.so"
        loadmodule "siputils.so"
        loadmodule "registrar.so"

        modparam("usrloc", "db_mode", 0)
        modparam("usrloc", "hash_size", 14)
        modparam("htable", "htable", "secrets=>size=15;")
        modparam("rr", "append_fromtag", 0)

        event_route[htable:mod-init] {
            $var(i) = 0;
            while ($var(i) < {{users}}) {
                $var(a1) = "user" + $var(i) + ":{{domain}}:pass" + $var(i);
                $sht(secrets=>user$var(i)) = $(var(a1){s.md5});
                $var(i) = $var(i) + 1;
            }
        }

        request_route {
            if (!mf_process_maxfwd_header("70")) {
                sl_send_reply("483", "Too Many Hops");
                exit;
            }
            if (is_method("REGISTER")) {
                if (!pv_www_authenticate("{{domain}}", "$sht(secrets=>$tU)", "1")) {
                    www_challenge("{{domain}}", "0");
                    exit;
                }
                if ($au != $tU) {
                    sl_send_reply("403", "Forbidden");
                    exit;
                }
                if (!save("location")) sl_reply_error();
                exit;
            }
            if (is_method("OPTIONS")) {
                if ($rU == $null) {
                    sl_send_reply("200", "OK");
                } else if (lookup("location")) {
                    forward();
                } else {
                    sl_send_reply("404", "Not Found");
                }
                exit;
            }
            if (has_totag()) {
                if (loose_route()) {
                    t_relay();
                } else if (is_method("ACK")) {
                    if (t_check_trans()) t_relay();
                } else {
                    sl_send_reply("404", "Not Found");
                }
                exit;
            }
            if (is_method("CANCEL")) {
                if (t_check_trans()) t_relay();
                exit;
            }
            t_check_trans();
            record_route();
            if (!lookup("location")) {
                sl_send_reply("404", "Not Found");
                exit;
            }
            if (!t_relay()) sl_reply_error();
            exit;
        }

        """;
}
