# Sourced by apache: the HTTP server and what it stands on, from Debian's sources, for 64-bit Windows.
# shellcheck shell=bash disable=SC2154
# shellcheck source=script/lib/services/debian_build.sh
. "$definitions/debian_build.sh"

# build_apache: what is to be installed, into $build/server.
build_apache() {
  local build=$root/build/services/apache deps=$root/build/services/apache/deps package s flags
  [ ! -e "$build/server/bin/httpd.exe" ] || return 0
  need_packages dpkg-dev cmake ninja-build gcc gcc-mingw-w64-x86-64 quilt
  mkdir -p "$build" "$deps/include" "$deps/lib" "$deps/bin"
  s=$build/source
  mkdir -p "$s"
  for package in expat pcre2 apr apr-util apache2; do [ -e "$s/$package.done" ] || { debian_source $package "$s/$package"; adapt_$package; touch "$s/$package.done"; }; done

  # Headers that are named in capitals, as on a file system without case.
  mkdir -p "$build/case"
  ln -sf /usr/x86_64-w64-mingw32/include/shellapi.h "$build/case/ShellAPI.h"
  # What Windows' headers of another make have.
  flags="-O2 -w -I$build/case -DIF_NAMESIZE=256 -DNET_IFINDEX=ULONG -DNETIOAPI_API_=WINAPI"

  cmake_for_windows "$s/expat/expat" "$build/expat" -DCMAKE_C_FLAGS="$flags -DXML_GE=1" -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_TESTS=OFF \
    -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_DOCS=OFF -DEXPAT_SHARED_LIBS=OFF
  ninja -C "$build/expat" install
  cmake_for_windows "$s/pcre2" "$build/pcre2" -DCMAKE_C_FLAGS="$flags" -DBUILD_SHARED_LIBS=ON -DBUILD_STATIC_LIBS=OFF \
    -DPCRE2_BUILD_TESTS=OFF -DPCRE2_BUILD_PCRE2GREP=OFF
  ninja -C "$build/pcre2" install

  # The atomic operations are what configure would have found. Wine's source of random numbers loads crypt32, with libraries of
  # Unix's, each time it is opened: apr's DLL keeps that loaded, or httpd takes a minute to have the thousands of them that it wants.
  cmake_for_windows "$s/apr" "$build/apr" -DINSTALL_PDB=OFF -DCMAKE_C_STANDARD_LIBRARIES='-Wl,-u,CertCloseStore -lcrypt32 -liphlpapi -lshell32 -ladvapi32 -lole32 -luser32 -lkernel32' \
    -DCMAKE_C_FLAGS="$flags -DHAVE_ATOMIC_BUILTINS=1 -DHAVE_ATOMIC_BUILTINS64=1"
  ninja -C "$build/apr" libapr-1
  cp "$s/apr/include/"*.h "$build/apr/apr.h" "$s/apr/include/arch/win32/"*.h "$s/apr/include/arch/"*.h "$s/apr/include/private/"*.h "$deps/include/"
  mkdir -p "$deps/include/arch" && cp -r "$s/apr/include/arch/win32" "$deps/include/arch/"
  : >"$deps/include/ap_config_auto.h" # what configure would have found: nothing that is asked for
  cp "$build"/apr/*.dll "$deps/bin/" && cp "$build"/apr/*.dll.a "$deps/lib/"

  cmake_for_windows "$s/apr-util" "$build/apr-util" -DINSTALL_PDB=OFF -DAPU_HAVE_ODBC=OFF -DAPR_HAS_LDAP=OFF -DCMAKE_C_FLAGS="$flags" \
    -DAPR_INCLUDE_DIR="$deps/include" -DAPR_LIBRARIES="$deps/lib/libapr-1.dll.a" -DEXPAT_INCLUDE_DIR="$deps/include" \
    -DEXPAT_LIBRARY="$(find "$deps/lib" -name 'libexpat*.a' | head -n 1)"
  ninja -C "$build/apr-util" libaprutil-1
  cp "$s/apr-util/include/"*.h "$build/apr-util/apu.h" "$build/apr-util/"apu_want.h "$build/apr-util/apr_ldap.h" "$deps/include/"
  cp "$build"/apr-util/*.dll "$deps/bin/" && cp "$build"/apr-util/*.dll.a "$deps/lib/"

  cmake_for_windows "$s/apache2" "$build/httpd" -DINSTALL_PDB=OFF -DINSTALL_MANUAL=OFF -DCMAKE_C_FLAGS="$flags -DHAVE_ATOMIC_BUILTINS64=1 -DBUILD_DATETIME='\"\"'" \
    -DCMAKE_C_STANDARD_LIBRARIES='-lshell32 -ladvapi32 -lole32 -luser32 -lkernel32' -DPCRE_CFLAGS=-DHAVE_PCRE2 \
    -DPCRE_INCLUDE_DIR="$deps/include" -DPCRE_LIBRARIES="$(find "$deps/lib" -name '*pcre2-8.dll.a' | head -n 1)" \
    -DAPR_INCLUDE_DIR="$deps/include" -DAPR_LIBRARIES="$deps/lib/libapr-1.dll.a;$deps/lib/libaprutil-1.dll.a"
  ninja -C "$build/httpd" httpd mod_authz_core mod_dir mod_mime mod_log_config mod_alias

  rm -rf "$build/server.new"
  mkdir -p "$build/server.new/bin" "$build/server.new/modules" "$build/server.new/conf" "$build/server.new/logs" "$build/server.new/htdocs"
  cp "$deps"/bin/*.dll "$build"/httpd/*.dll "$build/httpd/httpd.exe" "$build/server.new/bin/"
  cp "$build"/httpd/mod_*.so "$build/server.new/modules/"
  cp "$s/apache2/docs/conf/mime.types" "$build/server.new/conf/"
  x86_64-w64-mingw32-strip "$build"/server.new/bin/* "$build"/server.new/modules/*
  mv "$build/server.new" "$build/server"
}

# What the sources' build for Windows expects of Microsoft's compiler and of a machine that is Windows.
adapt_expat() { sed -i 's/^#cmakedefine XML_DTD.*/#define XML_DTD 1/' "$s/expat/expat/expat_config.h.cmake"; } # tested by value since a fix
adapt_pcre2() { :; }
native_tool() { # native_tool PACKAGE SOURCE: the generator of a table runs here, not on Windows
  gcc -DCROSS_COMPILE -I "$s/$1/include" "$s/$1/$2" -o "$s/$1.chars"
  sed -i "s|COMMAND \$<TARGET_FILE:gen_test_char>|COMMAND $s/$1.chars|" "$s/$1/CMakeLists.txt"
}
adapt_apr() {
  native_tool apr tools/gen_test_char.c
  # windows.h without what user32 has does for Microsoft's headers of COM, not for these.
  sed -i '/define NOUSER/d' "$s/apr/include/apr.hwc"
  sed -i 's/__wtypes_h__/apr_no_types/' "$s/apr/include/arch/win32/apr_private.h"
  # Two tokens that are no one token are pasted.
  sed -i 's/ ##, \\/ , \\/; s/^\( *\)##AP/\1AP/' "$s/apr/include/apr_version.h"
}
adapt_apr-util() { sed -i 's/ ##, \\/ , \\/; s/^\( *\)##AP/\1AP/' "$s/apr-util/include/apu_version.h"; }
adapt_apache2() {
  native_tool apache2 server/gen_test_char.c
  # An option of Microsoft's linker; the resources with version and icon, whose definitions windres cannot be given.
  sed -i 's:LINK_FLAGS /base.*:LINK_FLAGS "":; s| build/win32/httpd.rc||' "$s/apache2/CMakeLists.txt"
  # It keeps windows.h from what user32 has until later, which is too late for the headers of COM.
  sed -i '/define _WINUSER_/d; /undef _WINUSER_/d' "$s/apache2/server/mpm/winnt/service.c"
}
