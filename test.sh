#!/bin/bash
# ./test.sh [unit|interop] [--filter EXPRESSION]
# Builds Parley once and runs its tests: `unit` only those that need nothing but .NET, `interop` only those with real peers,
# everything when not told. --filter is that of `dotnet test` (--filter FullyQualifiedName~Register). Works from any folder.
# What the interop tests need is installed when this runs as root on Debian. The last line is `N passed, N failed, N skipped`;
# the exit code is 0 only when something ran and nothing failed. Logs and .trx files: artifacts/test-results.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$root" || exit 1
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 MSBUILDDISABLENODEREUSE=1

part=all filter=
while [ $# -gt 0 ]; do
    case $1 in
        unit | interop) part=$1 ;;
        --filter) [ $# -ge 2 ] || { echo "test.sh: --filter needs an expression" >&2; exit 2; }; filter=$2; shift ;;
        -h | --help) sed -n '2,6s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
        *) echo "test.sh: '$1' is not known; use: ./test.sh [unit|interop] [--filter EXPRESSION]" >&2; exit 2 ;;
    esac
    shift
done

results=$root/artifacts/test-results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0

# The only way out: every run ends with the sum.
finish() {
    [ $((passed + failed)) -gt 0 ] || echo "No test ran."
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
broken() { echo "$*" >&2; failed=$((failed + 1)); finish; }
took() { printf '== %s took %d s\n' "$1" $((SECONDS - $2)); }

# --- What the machine must have

version=$(dotnet --version 2> /dev/null) ||
    broken "Parley needs the .NET SDK, version $(sed -n 's/.*"version": "\(.*\)".*/\1/p' global.json) or a later one of its kind: https://dotnet.microsoft.com/download"

# Debian's names of the programs that the interop tests use.
declare -A package_of=([sipp]=sip-tester [sipsak]=sipsak [baresip]=baresip-core [linphonec]=linphone-cli [tshark]=tshark [espeak-ng]=espeak-ng [sox]=sox [dnsmasq]=dnsmasq-base [kamailio]=kamailio
    [openssl]=openssl [node]=nodejs [npm]=npm [svwar]=sipvicious [script]=bsdutils ['/usr/lib/*/kamailio/modules/tls.so']=kamailio-tls-modules
    ['/usr/lib/python3/dist-packages/pylibsrtp/__init__.py']=python3-pylibsrtp
    ['/usr/lib/*/libopus.so.0']=libopus0 [opusenc]=opus-tools
    ['/usr/lib/*/libspandsp.so.2']=libspandsp2
    ['/usr/lib/*/libbcg729.so.0']=libbcg729-0
    ['/usr/share/asterisk/sounds/en_US_f_Allison/vm-opts-full.wav']=asterisk-core-sounds-en-wav
    ['/usr/lib/*/libasound.so.2']=libasound2 ['/usr/lib/*/libspeexdsp.so.1']=libspeexdsp1)
missing_packages() {
    local program
    for program in "${!package_of[@]}"; do
        case $program in
            /*) compgen -G "$program" > /dev/null || echo "${package_of[$program]}" ;;      # a file, not a program
            *) PATH=$PATH:/usr/sbin command -v "$program" > /dev/null || echo "${package_of[$program]}" ;;
        esac
    done
}
apt_install() {
    apt-get -o DPkg::Lock::Timeout=300 update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -qq -y --no-install-recommends "$@"
}
install_packages() {    # PACKAGE...
    local policy=/usr/sbin/policy-rc.d made_policy=no
    if [ ! -e "$policy" ]; then     # a package's own service must not start
        printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made_policy=yes
    fi
    apt_install "$@" || { echo "apt-get failed; once more:"; apt_install "$@"; }
    [ "$made_policy" = no ] || rm -f "$policy"
}
install_peers() {
    local packages start=$SECONDS
    packages=$(missing_packages)
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086 # a list of words
    if [ "$(id -u)" -eq 0 ] && command -v apt-get > /dev/null; then
        echo "== Installing" $packages
        install_packages $packages < /dev/null > "$results/apt.log" 2>&1 || tail -5 "$results/apt.log"
        took Installing "$start"
    fi
    packages=$(missing_packages)
    # shellcheck disable=SC2086
    [ -z "$packages" ] || echo "The interop tests need programs that are not here; on Debian or Ubuntu:" \
        "sudo apt-get install --no-install-recommends" $packages
}
[ "$part" = unit ] || install_peers

# --- Build

start=$SECONDS
echo "== Building with .NET SDK $version"
dotnet build Parley.slnx -c Release -v quiet --nologo < /dev/null || broken "The build failed."
took Building "$start"

# --- Run

# run PROJECT: runs one project's tests; leaves a .log, a .trx and in .status "exit-code seconds".
run() {
    local name=$1 start=$SECONDS arguments=()
    [ -z "$filter" ] || arguments+=(--filter "$filter")
    # A test that hangs ends its host, which then counts as a failure.
    timeout --kill-after=10 3000 dotnet test "tests/$name/bin/Release/net10.0/$name.dll" "${arguments[@]}" \
        --results-directory "$results" --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" \
        --blame-hang-timeout 8m --blame-hang-dump-type none < /dev/null > "$results/$name.log" 2>&1
    echo "$? $((SECONDS - start))" > "$results/$name.status"
}
skips() {   # FILE.trx: each test that was skipped, and its reason
    awk '/<UnitTestResult / { name = ""; if (/outcome="NotExecuted"/) { name = $0; sub(/.* testName="/, "", name); sub(/".*/, "", name) } }
         /<Message>/ && name { reason = $0; gsub(/.*<Message>|<\/Message>.*/, "", reason); print "       skipped: " name ": " reason; name = "" }' "$1"
}
counter() { sed -n "s/.*<Counters.* $2=\"\([0-9]*\)\".*/\1/p" "$1" | head -1; }

# report PROJECT: adds what a run left to the sum, and shows its log when something is wrong.
report() {
    local name=$1 code seconds total=0 good=0 bad=0 note='' trx=$results/$1.trx
    read -r code seconds < "$results/$name.status"
    if [ -e "$trx" ]; then
        total=$(counter "$trx" total) good=$(counter "$trx" passed) bad=$(counter "$trx" failed)
    fi
    if [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; then bad=$((bad + 1)) note='stopped: took too long'
    elif [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1 note='the test host failed'
    elif [ "$total" -eq 0 ] && [ -z "$filter" ]; then bad=1 note='ran no test'
    fi
    [ "$bad" -eq 0 ] || cat "$results/$name.log"
    local out=$((total - good - bad))
    [ "$out" -ge 0 ] || out=0
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + out))
    printf '%6d passed %4d failed %4d skipped %5d s  %s%s\n' "$good" "$bad" "$out" "$seconds" "$name" "${note:+: $note}"
    [ "$out" -eq 0 ] || skips "$trx"
}

unit=() interop=()
for project in tests/*/*.csproj; do
    grep -q xunit.runner.visualstudio "$project" || continue    # a library for tests
    name=$(basename "$project" .csproj)
    case $name in *InteropTests) interop+=("$name") ;; *) unit+=("$name") ;; esac
done

if [ "$part" != interop ]; then
    start=$SECONDS
    echo "== Unit tests"
    for name in "${unit[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
        run "$name" &
    done
    wait
    for name in "${unit[@]}"; do report "$name"; done
    took "Unit tests" "$start"
fi
if [ "$part" != unit ]; then
    # Alone on the machine: they play sound in real time.
    start=$SECONDS
    echo "== Interop tests"
    for name in "${interop[@]}"; do run "$name"; report "$name"; done
    took "Interop tests" "$start"
fi
echo "== Everything took $SECONDS s"
finish
