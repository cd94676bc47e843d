# Sourced by script/bench.
# shellcheck shell=bash disable=SC2154
leave_services() { :; }
