# PostgreSQL, unmodified: a cluster, a service and a port of the same names on the host and in two VMs at once.

port=25432 # one that a PostgreSQL of the machine itself does not have

# in_place PLACE COMMAND...: there, where it is `host` or a VM.
in_place() {
  local place=$1
  shift
  if [ "$place" = host ]; then "$wine" "$@"; else plume exec "$place" "$@"; fi 2>&1 </dev/null | tr -d '\r'
}

# set_up PLACE: a cluster in the folder of the same name everywhere, and the service for it.
set_up() {
  in_place "$1" "$scratch_win\\native\\bin\\initdb.exe" -D "$scratch_win\\data" -U postgres "--pwfile=$scratch_win\\password" \
    -A scram-sha-256 -E UTF8 --no-locale -N
  in_place "$1" "$scratch_win\\native\\bin\\pg_ctl.exe" register -N PostgreSQL -D "$scratch_win\\data" -S demand -w -o "-p $port -B 16MB"
}

state() { in_place "$1" sc query PostgreSQL | sed -n 's/.*STATE *: [0-9]* *\([A-Z_]*\).*/\1/p'; }
is_running() { [ "$(state "$1")" = RUNNING ]; }
is_stopped() { [ "$(state "$1")" = STOPPED ]; }

# query PLACE STATEMENT: its answer, bare.
query() { PGPASSWORD=secret PGCONNECT_TIMEOUT=60 psql -h "${address[$1]}" -p $port -U postgres -qAtc "$2" 2>&1; }

# What the service has done on the host is undone, whatever becomes of the test: the host's console has written its
# settings, too, if it had not before.
leave_the_host() {
  in_place host sc stop PostgreSQL
  wait_for 60 is_stopped host
  in_place host "$scratch_win\\native\\bin\\pg_ctl.exe" unregister -N PostgreSQL
  [ "$had_console" = yes ] || in_place host reg delete 'HKCU\Console' /f
} >/dev/null

test_postgresql_on_the_host_and_in_two_vms() {
  local place pids=() pid
  declare -A address=([host]=127.0.0.1)
  installed psql postgresql-client
  fetched @embedded-postgres/windows-x64 15.18.0-beta.17 f97238cf4ff03182da7cb4294f694ebf219eac851a6635820549a41d6e8d0be7 native
  echo secret >"$scratch/password"
  for place in a b; do
    plume create $place >/dev/null; plume start $place >/dev/null
    address[$place]=$(member $place ip)
  done

  # The VMs first: what the host has would be in them, too.
  for place in a b; do set_up $place >"$scratch/set_up.$place" & pids+=($!); done
  for pid in "${pids[@]}"; do wait "$pid"; done
  [ ! -e "$scratch/data" ] || die "the VMs' cluster is on the host"
  had_console=no # not local: it is for the trap
  [[ $(in_place host reg query 'HKCU\Console') == *ColorTable* ]] && had_console=yes
  trap leave_the_host EXIT
  set_up host >"$scratch/set_up.host"
  for place in a b; do diff -u "$scratch/set_up.host" "$scratch/set_up.$place" || die "set up differently in $place"; done
  contains "$(cat "$scratch/set_up.host")" 'Success. You can now start the database server'

  for place in host a b; do in_place $place net start PostgreSQL; done
  for place in host a b; do wait_for 60 is_running $place; done
  for place in host a b; do
    same "its own in $place" '' "$(query $place "create table t as select g, '$place' as place from generate_series(1, 5000) g")"
  done
  for place in host a b; do
    same "its rows in $place" "5000|$place|$place" "$(query $place 'select count(*), min(place), max(place) from t')"
  done

  # One ends, and no other sees it; what it held is there when it starts again.
  in_place a net stop PostgreSQL
  wait_for 60 is_stopped a
  for place in host b; do same "the state in $place" RUNNING "$(state $place)"; done
  in_place a net start PostgreSQL
  wait_for 60 is_running a
  same 'its rows, started again' 5000 "$(query a 'select count(*) from t')"
  for place in a b; do in_place $place net stop PostgreSQL; wait_for 60 is_stopped $place; done
  same 'the host' "5000|host" "$(query host 'select count(*), min(place) from t')"
}
