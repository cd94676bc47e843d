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
