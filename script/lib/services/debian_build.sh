# Sourced by the services that are built here: Debian's sources, built for Windows.
# shellcheck shell=bash disable=SC2154

# debian_source PACKAGE FOLDER: the package's source, patched as Debian has it, unpacked into the folder. The newest version
# that can be had: a mirror may lack what its list has.
debian_source() {
  local package=$1 folder=$2 version apt=$root/build/services/apt
  mkdir -p "$apt/parts" "$apt/lists/partial" "$apt/cache/archives/partial"
  if [ ! -s "$apt/apt.conf" ]; then
    # A list of sources beside the machine's own, made from where its binary packages come from.
    apt-get indextargets --format "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
      'Created-By: Packages' 'Origin: Debian' | sort -u >"$apt/parts/sources.list"
    printf '%s\n' "Dir::Etc::sourcelist \"/dev/null\";" "Dir::Etc::sourceparts \"$apt/parts\";" "Dir::State::lists \"$apt/lists\";" \
      "Dir::Cache \"$apt/cache\";" >"$apt/apt.conf"
    APT_CONFIG=$apt/apt.conf apt-get update -qq
  fi
  cd "$apt" || return
  for version in $(APT_CONFIG=$apt/apt.conf apt-cache showsrc --only-source "$package" | sed -n 's/^Version: //p' | sort -ruV); do
    if APT_CONFIG=$apt/apt.conf apt-get source -qq --download-only --only-source "$package=$version"; then
      rm -rf "$folder"
      dpkg-source --no-check -x "${package}_${version#*:}.dsc" "$folder"
      return
    fi
  done
  echo "there is no source of $package"
  return 1
}

# cmake_for_windows SOURCE FOLDER [OPTION...]: for 64-bit Windows, with nothing of the compiler's beside it, to be installed in $deps.
cmake_for_windows() {
  # The names that Windows gives: no "lib" before those that have one already.
  printf 'set(CMAKE_%s_LIBRARY_PREFIX "")\n' SHARED IMPORT >"$build/names.cmake"
  cmake -G Ninja -S "$1" -B "$2" -DCMAKE_TOOLCHAIN_FILE="$root/cmake/mingw-x86_64.cmake" -DCMAKE_INSTALL_PREFIX="$deps" \
    -DCMAKE_SHARED_LINKER_FLAGS=-static-libgcc -DCMAKE_BUILD_TYPE=None -DCMAKE_PROJECT_INCLUDE="$build/names.cmake" "${@:3}"
}
