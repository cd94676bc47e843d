# Ports of a VM that are published at the host's, and the other options of its network and name.

# start_tool NAME TOOL PORT [WORD]: a server in the VM, until the test ends.
start_tool() {
  local log=$scratch/tool_$1_$2_$3
  mkfifo "$log.in"
  plume exec "$1" "$guests/$2.exe" serve "${@:3}" <"$log.in" >"$log" 2>&1 &
  exec {fd}>"$log.in" # kept open: the tool ends with its input
  wait_for 60 grep -q . "$log"
  contains "$(cat "$log")" serving
}

host() { timeout 120 "$wine" "$guests/$1.exe" "${@:2}" 2>/dev/null | tr -d '\r'; }

test_publish_tcp() {
  local port=$((20000 + RANDOM % 10000)) fd
  plume create a -p 127.0.0.1:$port:8080 -p 8080 >/dev/null
  contains "$(plume ps -a)" "127.0.0.1:$port:8080/tcp"
  expect 0 plume start a
  # Nobody listens in the VM yet: the client is accepted and then reset.
  contains "$(host tool_net_stream client $port 127.0.0.1 reset)" 'error 10054'
  start_tool a tool_net_stream 8080
  same 'half close' 'echo: sent 1, got 8388608, right 1, end 0' "$(host tool_net_stream client $port 127.0.0.1 echo)"
  same "a server's reset" 'reset: -1, error 10054' "$(host tool_net_stream client $port 127.0.0.1 reset)"
  same "a client's reset" 'abort: seen 1' "$(host tool_net_stream client $port 127.0.0.1 abort)"
  same 'backpressure' 'hold: bounded 1' "$(host tool_net_stream client $port 127.0.0.1 hold)"
  local rate other
  rate=$(host tool_net_stream client $port 127.0.0.1 rate 64)
  [ "${rate#rate: }" -ge 5 ] || die "throughput in MB/s: $rate"
  # The port that was picked, on all addresses.
  other=$(plume port a 8080 | tr -d '\r' | sed -n 's/^0\.0\.0\.0://p')
  same 'the picked port' 'hold: bounded 1' "$(host tool_net_stream client "$other" 127.0.0.1 hold)"
  contains "$(plume ps)" "127.0.0.1:$port->8080/tcp, 0.0.0.0:$other->8080/tcp"
  contains "$(plume inspect --format json a)" "\"host_port\": $other"
  refused plume port a 81 -- "*there is no public port for '81'*"
  # A port that is taken.
  plume create b -p $port:80 >/dev/null
  refused plume start b -- "*cannot publish '0.0.0.0:$port:80/tcp': the host's port is taken*"
  expect 0 plume stop a
  refused plume port a -- '*is not running*'
  expect 0 plume start b
}

test_publish_udp_and_same_port() {
  # The same number in two VMs and on the host, and a published one besides.
  local port=$((20000 + RANDOM % 10000)) fd
  plume create a -p 127.0.0.1:$((port + 1)):$port -p 127.0.0.1:$((port + 1)):$port/udp >/dev/null
  plume create b -p $port-$((port + 1)):7 >/dev/null
  expect 0 plume start a b
  start_tool a tool_net_server $port one
  same 'the VM itself' 'TCP: one UDP: one' "$(plume exec a "$guests/tool_net_server.exe" ask $port | tr -d '\r' | paste -sd ' ')"
  local i
  for i in 1 2 3; do # three clients
    same 'from outside' 'TCP: one UDP: one' "$(host tool_net_server ask $((port + 1)) | paste -sd ' ')"
  done
}

test_publish_wrong() {
  refused plume create x -p 80:0 -- "plume create: the VM's port must be *'80:0'*"
  refused plume create x -p 1-2:1-3 -- "plume create: the host's range and the VM's must be equally long, unlike in '1-2:1-3'*"
  refused plume create x -p 80/sctp -- '*the protocols are*'
  refused plume create x -p host:80:80 -- "*must be an IPv4 address*'host:80:80'*"
  refused plume create x --hostname a_b -- "*a host name has*'a_b'*"
  refused plume create x --network bridge -- "*'default' and 'none'*'bridge'*"
  refused plume create x --network none -p 80 -- '*without a network*'
  refused plume create x --ip 127.0.0.1 -- "*not the IPv4 address of a machine: '127.0.0.1'*"
  expect 0 plume create x --ip 203.0.113.77
  refused plume start x -- "*cannot use the address '203.0.113.77': the host does not have it*"
}

test_network_none() {
  local port=$((20000 + RANDOM % 10000)) fd
  plume create a --network none >/dev/null
  plume create b >/dev/null
  expect 0 plume start a b
  start_tool a tool_net_server $port self
  start_tool b tool_net_server $port other
  same 'itself' 'TCP: self UDP: self' "$(plume exec a "$guests/tool_net_server.exe" ask $port | tr -d '\r' | paste -sd ' ')"
  same 'another VM' 'TCP: error 10051 UDP: error 10051' \
    "$(plume exec a "$guests/tool_net_server.exe" ask $port "$(member b ip)" | tr -d '\r' | paste -sd ' ')"
  same 'another machine' 'TCP: error 10051 UDP: error 10051' \
    "$(plume exec a "$guests/tool_net_server.exe" ask $port 192.0.2.77 | tr -d '\r' | paste -sd ' ')"
  same 'shown' none "$(member a network)"
}

test_hostname() {
  plume create a --hostname Web-Server-number-1 >/dev/null
  plume create b.2 >/dev/null
  expect 0 plume start a b.2
  contains "$(plume exec a "$guests/net_names.exe")" 'differs: Web-Server-number-1, WEB-SERVER-NUMB'
  contains "$(plume exec b.2 "$guests/net_names.exe")" 'differs: b-2, B-2'
  expect 0 plume exec a cmd /c 'echo %COMPUTERNAME%'
  same 'environment' WEB-SERVER-NUMB "$out"
  # What is set in the VM holds from its next start.
  expect 0 plume exec a reg add 'HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName' /v ComputerName /d OTHER /f
  expect 0 plume exec a cmd /c 'echo %COMPUTERNAME%'
  same 'not yet' WEB-SERVER-NUMB "$out"
  expect 0 plume stop a
  expect 0 plume start a
  expect 0 plume exec a cmd /c 'echo %COMPUTERNAME%'
  same 'after the start' OTHER "$out"
}

test_own_connections_only() {
  local port=$((20000 + RANDOM % 10000)) fd
  plume create a >/dev/null; plume create b >/dev/null
  expect 0 plume start a b
  start_tool a tool_net_server $port self
  expect 0 plume exec a "$guests/net_tables.exe"
  expect 0 plume exec b netstat
  [[ $out != *TCP* ]] || die "b sees: $out"
}
