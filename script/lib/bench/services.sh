# Sourced by script/bench: real services, one on the host and one in the VM `served`, driven by a real client in
# turns. Needs what measures.sh needs.
# shellcheck shell=bash disable=SC2154

seconds=10 clients=4

# npm_package PACKAGE VERSION DIGEST PATH FOLDER: what the package has at the path, in the folder; the archive is kept in .cache.
npm_package() {
  local name=${1#@} archive
  name=${name//\//-}-$2.tgz archive=$root/.cache/$name
  mkdir -p "$root/.cache"
  if [ ! -e "$archive" ]; then
    command -v npm >/dev/null || need_packages npm >&2
    (cd "$root/.cache" && npm pack --silent "$1@$2" >/dev/null) || die "$1 cannot be had"
  fi
  echo "$3  $archive" | sha256sum --check --quiet - || die "$archive is not what it was"
  mkdir -p "$5"
  tar -xzf "$archive" -C "$5" --strip-components="$(($(tr -cd / <<<"$4" | wc -c) + 2))" "package/$4"
}

# place WHERE COMMAND...: natively, or in the VM.
place() {
  local where=$1
  shift
  if [ "$where" = native ]; then within "$wine" "$@"; else within "$plume" exec served "$@"; fi </dev/null 2>&1 | tr -d '\r'
}
where_is() { if [ "$1" = native ]; then echo 127.0.0.1; else address_of served; fi; }
served_vm() {
  "$plume" rm -f served >/dev/null 2>&1 || true
  "$plume" create served >/dev/null && "$plume" start served >/dev/null
}
leave_services() {
  "$plume" rm -f served >/dev/null 2>&1 || true
}

# take_turns NAME LOAD: LOAD WHERE prints the transactions per second of one run, or nothing when the client failed:
# then the turn is left out, and said so.
take_turns() {
  local turn where order
  declare -A rate
  for ((turn = 0; turn < 2 * rounds; turn++)); do
    order='native vm'
    [ $((turn % 2)) = 0 ] || order='vm native'
    for where in $order; do
      rate[$where]=$("$2" $where) || rate[$where]=
      [ -n "${rate[$where]}" ] || { say "  the client of $1 failed ($where):" >&2; tail -n 5 "$work/client.log" >&2; }
    done
    [ -z "${rate[native]}" ] || [ -z "${rate[vm]}" ] || for where in native vm; do note "$1-rate.$where" "${rate[$where]}"; done
  done
}

# ---- MySQL ----

mysql_port=23306
mysql_says() { mysql --no-defaults --protocol=tcp --host="$(where_is "$1")" --port=$mysql_port --user=root -e "$2"; }
mysql_answers() { mysql_says "$1" 'select 1' >/dev/null 2>&1; }
oltp() {
  limit=$((seconds + 60)) within sysbench oltp_read_write --db-driver=mysql --mysql-host="$(where_is "$1")" --mysql-port=$mysql_port --mysql-user=root --mysql-db=bench \
    --tables=4 --table-size=10000 --threads=$clients --time=$seconds --rand-seed=1 "${@:2}"
}
oltp_load() {
  oltp "$1" run >"$work/client.log" 2>&1 || return
  sed -n 's/^ *transactions:.*(\([0-9.]*\) per sec.*/\1/p' "$work/client.log"
}

# In Wine before 9 this mysqld mostly does not come to its end after it has initialised its data: script/demo says why.
mysql_has_data() { [ -e "$WINEPREFIX/drive_c/mysql/data/sys/db.opt" ] && { [ ! -d "/proc/$1" ] || [ "$(find "/proc/$1/task" -mindepth 1 -maxdepth 1 | wc -l)" -le 3 ]; }; }
install_mysql() {
  local folder=$WINEPREFIX/drive_c/mysql
  rm -rf "$folder"
  npm_package mysql-server-5.7-win-x64 1.0.1 aad77fee1718f39eea6f21b72af64e6a54ea65be26eca6fb19c9af2ae18fc6f4 server "$folder"
  rm -rf "$folder/data"
  # console: under Wine this mysqld ends at once as a service without it.
  printf '%s\n' '[mysqld]' basedir=C:/mysql datadir=C:/mysql/data lc-messages-dir=C:/mysql/share port=$mysql_port bind-address=127.0.0.1 console >"$folder/my.ini"
  (cd "$folder" && exec "$wine" mysqld.exe '--defaults-file=C:\mysql\my.ini' --initialize-insecure </dev/null >/dev/null 2>&1) &
  wait_until mysql_has_data $!
  sleep 1
  kill -KILL $! 2>/dev/null || true
  wait $! 2>/dev/null || true
  "$wine" sc delete MySQL >/dev/null 2>&1 </dev/null || true
  (cd "$folder" && "$wine" mysqld.exe --install-manual MySQL '--defaults-file=C:\mysql\my.ini' >/dev/null 2>&1 </dev/null)
}
# The VM's first: what the host's has open, it could not take over.
measure_mysql() {
  local where begin
  need_packages default-mysql-client sysbench >&2
  install_mysql
  served_vm
  for where in vm native; do
    begin=${EPOCHREALTIME/./}
    place $where net start MySQL >/dev/null
    wait_until mysql_answers $where
    note way-service.$where "$(((${EPOCHREALTIME/./} - begin) * 1000))"
    mysql_says $where 'create database bench'
    oltp $where prepare >/dev/null
  done
  take_turns mysql oltp_load
  cp "$samples/mysql-rate.vm" "$samples/way-mysql-rate.vm"
  for where in vm native; do place $where net stop MySQL >/dev/null || true; done
  "$plume" rm -f served >/dev/null
}

# ---- PostgreSQL ----

postgresql_port=25432
postgresql_answers() { PGPASSWORD=secret PGCONNECT_TIMEOUT=60 psql -h "$(where_is "$1")" -p $postgresql_port -U postgres -qAtc 'select 1' >/dev/null 2>&1; }
transactions() { PGPASSWORD=secret limit=$((seconds + 60)) within pgbench -h "$(where_is "$1")" -p $postgresql_port -U postgres "${@:2}" postgres 2>&1; }
transactions_load() {
  transactions "$1" -n -c $clients -j 2 -T $seconds >"$work/client.log" || return
  sed -n 's/^tps = \([0-9.]*\) .*/\1/p' "$work/client.log"
}
measure_postgresql() {
  local where folder=$WINEPREFIX/drive_c/postgresql
  need_packages postgresql-client postgresql-contrib >&2
  "$wine" sc stop PostgreSQL >/dev/null 2>&1 </dev/null || true
  "$wine" sc delete PostgreSQL >/dev/null 2>&1 </dev/null || true
  rm -rf "$folder"
  npm_package @embedded-postgres/windows-x64 15.18.0-beta.17 f97238cf4ff03182da7cb4294f694ebf219eac851a6635820549a41d6e8d0be7 native "$folder"
  echo secret >"$folder/password"
  served_vm
  for where in vm native; do
    place $where 'C:\postgresql\bin\initdb.exe' -D 'C:\postgresql\data' -U postgres '--pwfile=C:\postgresql\password' -A scram-sha-256 -E UTF8 --no-locale -N >/dev/null
    place $where 'C:\postgresql\bin\pg_ctl.exe' register -N PostgreSQL -D 'C:\postgresql\data' -S demand -w -o "-p $postgresql_port -B 64MB" >/dev/null
  done
  for where in vm native; do
    place $where net start PostgreSQL >/dev/null
    wait_until postgresql_answers $where
    transactions $where -i -q -s 5 >/dev/null
  done
  take_turns postgresql transactions_load
  for where in vm native; do place $where net stop PostgreSQL >/dev/null || true; done
  "$plume" rm -f served >/dev/null
}
