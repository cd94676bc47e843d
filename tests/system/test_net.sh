# The network: the same port on the host and in two VMs, TCP and UDP, IPv4 and IPv6, and who reaches whom.

# serve WHERE PORT ADDRESS...: WHERE is "host" or a VM's name, which it answers with; runs until the test ends.
serve() {
  local where=$1 port=$2 log=$scratch/serve-$1
  shift 2
  mkfifo "$scratch/hold-$where"
  if [ "$where" = host ]; then
    "$wine" "$guests/tool_net_server.exe" serve "$port" "$where" "$@" <"$scratch/hold-$where" >"$log" 2>/dev/null &
  else
    plume exec "$where" "$guests/tool_net_server.exe" serve "$port" "$where" "$@" <"$scratch/hold-$where" >"$log" 2>&1 &
  fi
  held+=("$scratch/hold-$where")
  eval "exec {fd}>\"\$scratch/hold-\$where\""
  wait_for 20 grep -q '.' "$log"
  contains "$(cat "$log")" serving
}

# answer WHERE PORT [ADDRESS]: what a client there is told, as one line: TCP's answer, then UDP's.
answer() {
  local where=$1
  shift
  if [ "$where" = host ]; then
    "$wine" "$guests/tool_net_server.exe" ask "$@" 2>/dev/null | tr -d '\r' | sed 's/^[TU][CD]P: //' | paste -sd ' '
  else
    plume exec "$where" "$guests/tool_net_server.exe" ask "$@" | tr -d '\r' | sed 's/^[TU][CD]P: //' | paste -sd ' '
  fi
}

test_same_port_everywhere() {
  local port=$((20000 + RANDOM % 10000)) held=()
  plume create a >/dev/null; plume create b >/dev/null; plume start a >/dev/null; plume start b >/dev/null
  # On Linux, a listener on any address would keep everyone else from binding the port to an address.
  serve host $port 127.0.0.1
  same 'the host reaches itself' 'host host' "$(answer host $port)"
  same 'a VM does not reach the host' 'error 10061' "$(answer a $port | cut -d ' ' -f 1,2)"
  serve a $port
  serve b $port
  same 'the host still reaches itself' 'host host' "$(answer host $port)"
  same 'a reaches itself' 'a a' "$(answer a $port)"
  same 'b reaches itself' 'b b' "$(answer b $port)"
  # From outside, by the VM's address. (Datagrams under Wine: see core/sockaddr.h.)
  same 'a from outside' a "$(answer host $port "$(member a ip)" | cut -d ' ' -f 1)"
  same 'b from outside' b "$(answer host $port "$(member b ip)" | cut -d ' ' -f 1)"
  # A second one in the same VM is refused, as everywhere.
  expect 1 plume exec a "$guests/tool_net_server.exe" serve $port again
  contains "$out" 'error 10048'
}

test_host_on_any_address() {
  local port=$((25000 + RANDOM % 5000)) held=()
  plume create a >/dev/null; plume start a >/dev/null
  serve host $port 0.0.0.0
  same 'the host reaches itself' 'host host' "$(answer host $port)"
  same 'a VM does not reach the host' 'error 10061' "$(answer a $port | cut -d ' ' -f 1,2)"
  same 'nor by IPv6' 'error 10061' "$(answer a $port ::1 | cut -d ' ' -f 1,2)"
}

test_same_port_ipv6() {
  local port=$((30000 + RANDOM % 10000)) held=()
  [ -e /proc/net/if_inet6 ] || skip 'this machine has no IPv6'
  plume create a >/dev/null; plume create b >/dev/null; plume start a >/dev/null; plume start b >/dev/null
  serve a $port 0.0.0.0 ::
  serve b $port ::
  serve host $port ::1
  same 'the host reaches itself' 'host host' "$(answer host $port ::1)"
  same 'a, by IPv6' 'a a' "$(answer a $port ::1)"
  same 'a, by IPv4' 'a a' "$(answer a $port)"
  same 'b, by IPv6' 'b b' "$(answer b $port ::1)"
  same 'b, by IPv4: nobody there' 'error 10061' "$(answer b $port | cut -d ' ' -f 1,2)"
}

# A VM's own name has its address, by every way to look it up; two VMs and the host at the same time.
test_own_name() {
  local name ip
  for name in a b; do
    plume create --hostname "own-name-$name" $name >/dev/null; plume start $name >/dev/null
  done
  for name in a b; do
    ip=$(member $name ip)
    expect 0 plume exec $name "$guests/net_names.exe"
    contains "$out" "differs: getaddrinfo 0 $ip "
    contains "$out" "differs: getaddrinfo of nothing 0 $ip"
    contains "$out" "differs: GetAddrInfoW 0 $ip"
    contains "$out" "differs: gethostbyname own-name-$name $ip"
  done
}
