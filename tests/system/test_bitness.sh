# 32-bit and 64-bit programs in one VM, on a host that has both.

# Of one bitness alone there is nothing to test here; `script/test --matrix` brings a host that has both.
[ -e "$WINEPREFIX/drive_c/windows/syswow64/ntdll.dll" ] || return 0
[ -e "$root/build/i686/plume-layer.dll" ] || { echo 'there is no 32-bit build' >&2; exit 1; }

# Programs of both bitnesses start each other, and see one set of files and keys, each from its side. It undoes all
# that it does, for it is run natively too.
cat_batch() {
  cat <<'B'
@echo off
if not "%1" == "" goto %1
echo %PROCESSOR_ARCHITECTURE% %PROCESSOR_ARCHITEW6432%
echo x> C:\windows\system32\plume32.txt
if exist C:\windows\syswow64\plume32.txt echo 32: what is in System32 is in SysWOW64
if exist C:\windows\sysnative\plume32.txt echo 32: and in Sysnative
echo y> C:\windows\sysnative\plume64.txt
if exist C:\windows\system32\plume64.txt echo 32: what is in Sysnative is in System32
echo z> C:\windows\system32\spool\plume.txt
if exist C:\windows\sysnative\spool\plume.txt echo 32: spool is left alone
reg add HKLM\Software\PlumeTest /v who /d thirty-two /f >nul
C:\windows\sysnative\cmd.exe /c C:\test\both.bat other
type C:\windows\sysnative\plume64.txt
del C:\windows\sysnative\plume64.txt
del C:\windows\system32\plume32.txt
del C:\windows\system32\spool\plume.txt
if exist C:\windows\system32\plume32.txt echo 32: it is still there
reg query HKLM\Software\PlumeTest
reg delete HKLM\Software\PlumeTest /f >nul
goto end
:other
if exist C:\windows\syswow64\plume32.txt echo 64: it is in SysWOW64
if exist C:\windows\system32\plume32.txt echo 64: it is in System32
if exist C:\windows\system32\plume64.txt echo 64: the other is in System32
if exist C:\windows\sysnative echo 64: there is a Sysnative
echo changed> C:\windows\system32\plume64.txt
reg query HKLM\Software\PlumeTest
reg query HKLM\Software\Wow6432Node\PlumeTest
reg add HKLM\Software\Wow6432Node\PlumeTest /v who /d sixty-four /f >nul
C:\windows\syswow64\cmd.exe /c C:\test\both.bat third
goto end
:third
echo the third is %PROCESSOR_ARCHITECTURE%
reg query HKLM\Software\PlumeTest
:end
B
}

test_bitness_programs_start_each_other() {
  local native
  cat_batch | sed 's/$/\r/' >"$scratch/both.bat"
  mkdir -p "$WINEPREFIX/drive_c/windows/system32/spool"
  run "$wine" 'C:\windows\syswow64\cmd.exe' /c 'C:\test\both.bat'
  native=$status-$out
  run "$root/plume" run --rm --name both 'C:\windows\syswow64\cmd.exe' /c 'C:\test\both.bat'
  same 'from 32 bit' "$native" "$status-$out"
  contains "$out" 'the third is x86'
  run "$root/plume" run --rm --name both cmd.exe /c 'C:\windows\syswow64\cmd.exe /c C:\test\both.bat'
  same 'from 64 bit' "$native" "$status-$out"
}

test_bitness_services() {
  expect 0 plume create both; expect 0 plume start both
  expect 0 plume exec both sc create Narrow binPath= "Z:${root//\//\\}\\build\\i686\\tests\\guest\\svc_own.exe service Narrow"
  expect 0 plume exec both sc create Wide binPath= "Z:${root//\//\\}\\build\\x86_64\\tests\\guest\\svc_own.exe service Wide"
  for name in Narrow Wide; do
    expect 0 plume service both start $name
    expect 0 plume service both status $name; contains "$out" running
  done
  # Started by a 32-bit program, with the 32-bit half of the service functions.
  expect 0 plume service both stop Narrow; expect 0 plume service both stop Wide
  for name in Narrow Wide; do
    expect 0 plume exec both 'C:\windows\syswow64\net.exe' start $name
    expect 0 plume exec both 'C:\windows\syswow64\sc.exe' query $name; contains "$out" RUNNING
    expect 0 plume exec both 'C:\windows\syswow64\net.exe' stop $name
  done
}

# The process that sees to the other bitness is nobody's to lose.
test_bitness_bridge_is_started_again() {
  expect 0 plume create both; expect 0 plume start both
  expect 0 plume exec both 'C:\windows\syswow64\cmd.exe' /c 'echo one'
  "$wine" taskkill /f /im plume-bridge.exe >/dev/null 2>&1 || die 'there is none'
  expect 0 plume exec both 'C:\windows\syswow64\cmd.exe' /c 'echo two'; contains "$out" two
  expect 0 plume exec both tasklist; [[ $out != *plume-bridge* ]] || die 'the VM sees it'
  expect 0 plume stop both
  wait_for 20 bash -c '! "$wine" tasklist 2>/dev/null | grep -q plume-bridge'
}

# A 32-bit program and a server of 64 bit, and the other way round: each is started in the VM, and calls go between them.
test_bitness_com() {
  local class='{5E1C8F0A-7D34-4B6E-9A51-C20F6E7B9E20}' narrow=$root/build/i686/tests/guest/com_calls.exe
  local wide=$root/build/x86_64/tests/guest/com_calls.exe
  # server FILE PROGRAM MARK: what makes that the class's server in one half of the registry.
  server() {
    printf '%s\r\n' 'Windows Registry Editor Version 5.00' '' "[HKEY_LOCAL_MACHINE\\Software\\Classes\\CLSID\\$class\\LocalServer32]" \
      "@=\"\\\"Z:${2//\//\\\\}\\\" server $class \\\"$3\\\" mta\"" >"$scratch/$1"
  }
  expect 0 plume create both; expect 0 plume start both
  expect 0 plume exec both "$narrow" register 'of 32 bit'
  expect 0 plume exec both "$wide" register 'of 64 bit'
  for program in "$narrow" "$wide"; do
    expect 0 plume exec both "$program" ask program
    contains "$out" "program: of $([ "$program" = "$narrow" ] && echo 32 || echo 64) bit"
  done
  server wide.reg "$wide" 'of 64 bit'
  server narrow.reg "$narrow" 'of 32 bit'
  expect 0 plume exec both 'C:\windows\syswow64\regedit.exe' /S "$scratch_win\\wide.reg"
  expect 0 plume exec both "$narrow" ask program; contains "$out" 'program: of 64 bit'
  expect 0 plume exec both 'C:\windows\regedit.exe' /S "$scratch_win\\narrow.reg"
  expect 0 plume exec both "$wide" ask program; contains "$out" 'program: of 32 bit'
}
