#include "api/resource_types.h"

#include <array>

namespace lab::api {
namespace {

using enum PropertyKind;

constexpr std::array<std::string_view, 2> kEnsure{"present", "absent"};
constexpr std::array<std::string_view, 2> kRestart{"restart", "reload"};

constexpr PropertySchema ensure(std::string_view summary) {
    return {.name = "ensure",
            .kind = Choice,
            .summary = summary,
            .default_json = "\"present\"",
            .choices = kEnsure};
}
constexpr PropertySchema kMode{
    .name = "mode",
    .kind = Mode,
    .summary = "permission bits, quoted octal digits such as \"0644\"; not written: left as "
               "they are, and 0644 (a directory 0755) where it is made"};
constexpr PropertySchema kOwner{
    .name = "owner",
    .kind = Text,
    .summary = "user name or number; not written: left as it is, and root where it is made"};
constexpr PropertySchema kGroup{
    .name = "group",
    .kind = Text,
    .summary = "group name or number; not written: left as it is, and root where it is made"};

/// At a path there may be something else.
constexpr std::array<std::string_view, 6> kKinds{"present", "absent", "file", "directory", "link", "other"};
constexpr PropertySchema kKindFound{.name = "ensure", .kind = Choice, .choices = kKinds};
/// What agents report beside the properties of a type.
constexpr std::array kReported{PropertySchema{.name = "ensure", .kind = Choice, .choices = kEnsure},
                               PropertySchema{.name = "uid", .kind = Integer, .min = 0, .max = UINT32_MAX},
                               PropertySchema{.name = "gid", .kind = Integer, .min = 0, .max = UINT32_MAX},
                               PropertySchema{.name = "owed", .kind = Boolean},
                               PropertySchema{.name = "done", .kind = Boolean},
                               kMode,
                               kOwner,
                               kGroup};

constexpr std::array kFile{
    PropertySchema{.name = "content",
                   .kind = Content,
                   .summary =
                       "the whole content; not written: any content, and an empty file where there is none",
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{.name = "source",
                   .kind = Text,
                   .summary = "a file of the module whose bytes become the content, instead of `content`",
                   .only_in_yaml = true},
    kMode,
    kOwner,
    kGroup,
    ensure("`absent` removes the file")};

constexpr std::array kTemplate{
    PropertySchema{.name = "content",
                   .kind = Content,
                   .summary =
                       "the template's text (docs/templates.md); what it renders to is the file's content",
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{.name = "source",
                   .kind = Text,
                   .summary = "a file of the module that holds the template, instead of `content`",
                   .only_in_yaml = true},
    kMode,
    kOwner,
    kGroup,
    ensure("`absent` removes the file")};

constexpr std::array kDirectory{
    kMode, kOwner, kGroup,
    ensure("`absent` removes the directory; one that is not empty only with `recursive`"),
    PropertySchema{.name = "recursive",
                   .kind = Boolean,
                   .summary = "with `ensure: absent`, everything below is removed too",
                   .compared = false,
                   .default_json = "false"}};

constexpr std::array kLink{
    PropertySchema{.name = "target",
                   .kind = Text,
                   .summary =
                       "what the symbolic link holds: an absolute path, or one relative to the link's folder",
                   .required = true,
                   .secrecy = Secrecy::IfSensitive},
    ensure("`absent` removes the link")};

constexpr std::array kLine{
    PropertySchema{.name = "path",
                   .kind = Path,
                   .summary = "the file; it is made (mode 0644) where it is not there",
                   .required = true,
                   .compared = false},
    PropertySchema{.name = "text",
                   .kind = Text,
                   .summary = "the line, without its newline",
                   .required = true,
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{
        .name = "match",
        .kind = Text,
        .summary =
            "glob (`*`, `?`) over whole lines: the first line it matches is replaced by `text`, further ones "
            "are removed; where it matches none, `text` is put at the end",
        .compared = false,
        .secrecy = Secrecy::IfPrivate},
    ensure("`absent` removes the line, and those that `match` matches")};

constexpr std::array kCommand{
    PropertySchema{.name = "run",
                   .kind = StringList,
                   .summary = "the program and its arguments; no shell is involved",
                   .required = true,
                   .compared = false,
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{.name = "unless",
                   .kind = StringList,
                   .summary = "a command that changes nothing; where it exits 0 there is nothing to run",
                   .compared = false,
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{.name = "creates",
                   .kind = Path,
                   .summary = "a path; where it exists there is nothing to run",
                   .compared = false},
    PropertySchema{.name = "only_notified",
                   .kind = Boolean,
                   .summary = "run only when a resource that notifies this one has changed",
                   .compared = false,
                   .default_json = "false"},
    PropertySchema{
        .name = "cwd", .kind = Path, .summary = "the folder it runs in; not written: /", .compared = false},
    PropertySchema{.name = "environment",
                   .kind = StringMap,
                   .summary = "variables set for it, beside PATH, HOME and LANG=C.UTF-8",
                   .compared = false,
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{
        .name = "user", .kind = Text, .summary = "the user it runs as; not written: root", .compared = false},
    PropertySchema{.name = "timeout",
                   .kind = Duration,
                   .summary = "after this it is ended and has failed, `90s` or `10m`",
                   .compared = false,
                   .default_json = "\"5m\""}};

constexpr std::array kPackage{PropertySchema{.name = "version",
                                             .kind = Text,
                                             .summary = "exactly this version, as the package manager prints "
                                                        "it; not written: any, and the newest where it "
                                                        "is not installed",
                                             .secrecy = Secrecy::IfSensitive},
                              ensure("`absent` removes the package and leaves its configuration")};

constexpr std::array kService{
    PropertySchema{.name = "enabled", .kind = Boolean, .summary = "whether it starts at boot"},
    PropertySchema{.name = "running", .kind = Boolean, .summary = "whether it runs now"},
    PropertySchema{.name = "restart",
                   .kind = Choice,
                   .summary = "what a notification does to it; a service that does not run is left alone",
                   .compared = false,
                   .default_json = "\"restart\"",
                   .choices = kRestart}};

constexpr std::array kUser{
    PropertySchema{.name = "uid", .kind = Integer, .summary = "user number", .min = 0, .max = 4'294'967'294},
    PropertySchema{.name = "group", .kind = Text, .summary = "primary group, by name or number"},
    PropertySchema{.name = "groups",
                   .kind = StringList,
                   .summary = "supplementary groups; further ones it is in are left alone",
                   .at_least = true},
    PropertySchema{
        .name = "home", .kind = Path, .summary = "home directory", .secrecy = Secrecy::IfSensitive},
    PropertySchema{.name = "shell", .kind = Path, .summary = "login shell", .secrecy = Secrecy::IfSensitive},
    PropertySchema{
        .name = "comment", .kind = Text, .summary = "full name (GECOS)", .secrecy = Secrecy::IfSensitive},
    PropertySchema{.name = "system",
                   .kind = Boolean,
                   .summary = "make it with a number of the range for system users",
                   .compared = false,
                   .default_json = "false"},
    PropertySchema{.name = "create_home",
                   .kind = Boolean,
                   .summary = "make the home directory with the user",
                   .compared = false,
                   .default_json = "false"},
    PropertySchema{.name = "password_hash",
                   .kind = Text,
                   .summary = "crypt(5) hash for /etc/shadow; never shown anywhere",
                   .secrecy = Secrecy::Always},
    ensure("`absent` removes the user and leaves the home directory")};

constexpr std::array kGroupType{
    PropertySchema{.name = "gid", .kind = Integer, .summary = "group number", .min = 0, .max = 4'294'967'294},
    PropertySchema{.name = "system",
                   .kind = Boolean,
                   .summary = "make it with a number of the range for system groups",
                   .compared = false,
                   .default_json = "false"},
    ensure("`absent` removes the group")};

constexpr std::array kSysctl{
    PropertySchema{.name = "value",
                   .kind = Words,
                   .summary = "the value, now and, through /etc/sysctl.d, after a boot",
                   .required = true,
                   .secrecy = Secrecy::IfPrivate},
    ensure("`absent` drops the setting for the next boot and leaves the running value")};

constexpr std::array kKernelModule{
    PropertySchema{.name = "options",
                   .kind = Words,
                   .summary = "parameters it is loaded with (/etc/modprobe.d); a loaded module keeps its own "
                              "until it is loaded again",
                   .secrecy = Secrecy::IfPrivate},
    PropertySchema{
        .name = "loaded", .kind = Boolean, .summary = "whether it is loaded now", .default_json = "true"},
    PropertySchema{.name = "persisted",
                   .kind = Boolean,
                   .summary = "whether it is loaded at boot (/etc/modules-load.d)",
                   .default_json = "true"},
    ensure("`absent` unloads it and drops it from what is loaded at boot")};

constexpr std::array kTypes{
    ResourceType{.name = "file",
                 .summary = "A regular file, whole: content, mode and owner.",
                 .name_is_path = true,
                 .properties = kFile,
                 .example =
                     "- file: /etc/motd\n  content: \"welcome to {{ server.name }}\\n\"\n  mode: \"0644\"\n"},
    ResourceType{
        .name = "template",
        .summary = "A file whose content is rendered from a template with params, server and facts.",
        .name_is_path = true,
        .properties = kTemplate,
        .example =
            "- template: /etc/chrony/chrony.conf\n  source: chrony.conf.tmpl\n  notify: [service/chrony]\n"},
    ResourceType{.name = "directory",
                 .summary = "A directory with its mode and owner; what is in it is left alone.",
                 .name_is_path = true,
                 .properties = kDirectory,
                 .example = "- directory: /srv/www\n  mode: \"0755\"\n  owner: www-data\n"},
    ResourceType{.name = "link",
                 .summary = "A symbolic link.",
                 .name_is_path = true,
                 .properties = kLink,
                 .example = "- link: /etc/localtime\n  target: /usr/share/zoneinfo/Europe/Berlin\n"},
    ResourceType{.name = "line",
                 .summary = "One line in a file that is otherwise left alone. The name is free.",
                 .properties = kLine,
                 .example =
                     "- line: no root login\n  path: /etc/ssh/sshd_config\n  text: PermitRootLogin no\n"
                     "  match: \"PermitRootLogin *\"\n  notify: [service/ssh]\n"},
    ResourceType{.name = "command",
                 .summary = "A program to run when there is something to do, as `unless`, `creates` or "
                            "`only_notified` tells. One "
                            "of the three is needed. The name is free.",
                 .needs_live_system = true,
                 .takes_ensure = false,
                 .acts_on_notify = true,
                 .properties = kCommand,
                 .example = "- command: rebuild-index\n  run: [/usr/bin/rebuild, --all]\n"
                            "  unless: [/usr/bin/test, -f, /var/lib/index]\n"},
    ResourceType{.name = "package",
                 .summary = "A package of the distribution (apt or dnf).",
                 .needs_live_system = true,
                 .properties = kPackage,
                 .example = "- package: chrony\n"},
    ResourceType{.name = "service",
                 .summary = "A systemd unit.",
                 .needs_live_system = true,
                 .takes_ensure = false,
                 .acts_on_notify = true,
                 .properties = kService,
                 .example =
                     "- service: chrony\n  enabled: true\n  running: true\n  after: [package/chrony]\n"},
    ResourceType{.name = "user",
                 .summary = "A local user.",
                 .properties = kUser,
                 .example = "- user: deploy\n  home: /srv/deploy\n  shell: /bin/bash\n  groups: [adm]\n  "
                            "create_home: true\n"},
    ResourceType{.name = "group",
                 .summary = "A local group.",
                 .properties = kGroupType,
                 .example = "- group: deploy\n  system: true\n"},
    ResourceType{.name = "sysctl",
                 .summary = "A kernel parameter.",
                 .needs_live_system = true,
                 .properties = kSysctl,
                 .example = "- sysctl: net.ipv4.ip_forward\n  value: 1\n"},
    ResourceType{.name = "kernel_module",
                 .summary = "A kernel module.",
                 .needs_live_system = true,
                 .properties = kKernelModule,
                 .example = "- kernel_module: br_netfilter\n"},
};

} // namespace

std::string_view to_string(Risk risk) noexcept {
    switch (risk) {
    case Risk::Safe: return "safe";
    case Risk::Disruptive: return "disruptive";
    case Risk::Destructive: return "destructive";
    }
    return "safe";
}

std::optional<Risk> risk_from(std::string_view text) noexcept {
    for (const Risk risk : {Risk::Safe, Risk::Disruptive, Risk::Destructive})
        if (to_string(risk) == text) return risk;
    return std::nullopt;
}

std::span<const ResourceType> resource_types() {
    return kTypes;
}

const ResourceType* find_resource_type(std::string_view name) {
    for (const ResourceType& type : kTypes)
        if (type.name == name) return &type;
    return nullptr;
}

const PropertySchema* find_observed(const ResourceType& type, std::string_view name) {
    if (type.name_is_path && name == kKindFound.name) return &kKindFound;
    for (const PropertySchema& property : kReported)
        if (property.name == name) return &property;
    const PropertySchema* property = find_property(type, name);
    return property && !property->only_in_yaml ? property : nullptr;
}

const PropertySchema* find_property(const ResourceType& type, std::string_view name) {
    for (const PropertySchema& property : type.properties)
        if (property.name == name) return &property;
    return nullptr;
}

} // namespace lab::api
