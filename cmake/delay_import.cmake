# delay_import(TARGET NAME): NAME.dll is loaded when the first of the functions in NAME.def is called, and not
# with the program: a DLL that is not needed is a good part of what the start of a short program takes. The
# definitions have the names as on 32 bit, with the bytes of their arguments.
function(delay_import target name)
  set(definitions ${CMAKE_CURRENT_SOURCE_DIR}/${name}.def)
  set(library ${CMAKE_CURRENT_BINARY_DIR}/lib${name}_delay.a)
  set(options --kill-at)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
    file(READ ${definitions} text)
    string(REGEX REPLACE "@[0-9]+" "" text "${text}")
    set(definitions ${CMAKE_CURRENT_BINARY_DIR}/${name}_64.def)
    file(WRITE ${definitions} "${text}")
    set(options)
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}.def)
  add_custom_command(OUTPUT ${library}
    COMMAND ${CMAKE_SYSTEM_PROCESSOR}-w64-mingw32-dlltool ${options} -d ${definitions} -D ${name}.dll --output-delaylib ${library}
    DEPENDS ${definitions})
  add_custom_target(${target}_${name} DEPENDS ${library})
  add_dependencies(${target} ${target}_${name})
  target_link_libraries(${target} PRIVATE ${library} delayimp)
endfunction()
