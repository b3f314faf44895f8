#pragma once
// One factory for each resource type; handlers() of agent/handler.h lists them all. What each observes,
// beyond what api/resource_types.h says of its properties:
//
//   package        {ensure, version}: the installed version as dpkg or rpm writes it ("1:2.3-4").
//   service        {enabled, running}: a unit that is missing or masked is neither; only apply calls that an
//                  error. `restart` (restart | reload) says what a notification does and is not compared.
//   user           {ensure, uid, group, groups, home, shell, comment, password_hash}: `group` is the primary
//                  one by name, `groups` the supplementary ones, sorted; those listed must be among them,
//                  others are left alone. `system` and `create_home` say how it is made; not compared.
//   group          {ensure, gid}; `system` is not compared.
//   sysctl         {ensure, value}: ensure is about our file in /etc/sysctl.d; value is the kernel's, or
//                  {"live": ..., "persisted": ...} where our file says something else, which equals no
//                  desired one.
//   kernel_module  {ensure, loaded, persisted, options}: loaded now (or built in), named in our file of
//                  /etc/modules-load.d, the options in ours of /etc/modprobe.d. `loaded` and `persisted`
//                  default to true.

#include "agent/handler.h"

namespace lab::agent {

std::unique_ptr<Handler> file_handler();
std::unique_ptr<Handler> template_handler();
std::unique_ptr<Handler> directory_handler();
std::unique_ptr<Handler> link_handler();
std::unique_ptr<Handler> line_handler();
std::unique_ptr<Handler> command_handler();
std::unique_ptr<Handler> package_handler();
std::unique_ptr<Handler> service_handler();
std::unique_ptr<Handler> user_handler();
std::unique_ptr<Handler> group_handler();
std::unique_ptr<Handler> sysctl_handler();
std::unique_ptr<Handler> kernel_module_handler();

} // namespace lab::agent
