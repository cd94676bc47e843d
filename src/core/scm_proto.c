#include "core/scm_proto.h"

void scm_put_status(struct wire_writer *w, const struct service_status *status)
{
    wire_put_u32(w, status->type);
    wire_put_u32(w, status->state);
    wire_put_u32(w, status->accepted);
    wire_put_u32(w, status->exit_code);
    wire_put_u32(w, status->specific_code);
    wire_put_u32(w, status->check_point);
    wire_put_u32(w, status->wait_hint);
}

struct service_status scm_get_status(struct wire_reader *r)
{
    struct service_status status;
    status.type = wire_get_u32(r);
    status.state = wire_get_u32(r);
    status.accepted = wire_get_u32(r);
    status.exit_code = wire_get_u32(r);
    status.specific_code = wire_get_u32(r);
    status.check_point = wire_get_u32(r);
    status.wait_hint = wire_get_u32(r);
    return status;
}

void scm_put_process_status(struct wire_writer *w, const struct scm_process_status *status)
{
    scm_put_status(w, &status->status);
    wire_put_u32(w, status->pid);
    wire_put_u32(w, status->flags);
}

struct scm_process_status scm_get_process_status(struct wire_reader *r)
{
    struct scm_process_status status;
    status.status = scm_get_status(r);
    status.pid = wire_get_u32(r);
    status.flags = wire_get_u32(r);
    return status;
}

void scm_put_config(struct wire_writer *w, const struct scm_config *config)
{
    wire_put_u32(w, config->basic.type);
    wire_put_u32(w, config->basic.start);
    wire_put_u32(w, config->basic.error_control);
    wire_put_str16_opt(w, config->basic.image_path);
    wire_put_str16_opt(w, config->basic.group);
    wire_put_u32(w, config->tag);
    wire_put_str16_opt(w, config->basic.dependencies);
    wire_put_str16_opt(w, config->basic.account);
    wire_put_str16_opt(w, config->password);
    wire_put_str16_opt(w, config->basic.display_name);
}

struct scm_config scm_get_config(struct wire_reader *r)
{
    struct scm_config config;
    config.basic.type = wire_get_u32(r);
    config.basic.start = wire_get_u32(r);
    config.basic.error_control = wire_get_u32(r);
    config.basic.image_path = wire_get_str16_opt(r);
    config.basic.group = wire_get_str16_opt(r);
    config.tag = wire_get_u32(r);
    config.basic.dependencies = wire_get_str16_opt(r);
    config.basic.account = wire_get_str16_opt(r);
    config.password = wire_get_str16_opt(r);
    config.basic.display_name = wire_get_str16_opt(r);
    return config;
}

bool scm_info_level_known(uint32_t level)
{
    return (level >= SCM_INFO_DESCRIPTION && level <= SCM_INFO_PREFERRED_NODE) ||
           level == SCM_INFO_LAUNCH_PROTECTED;
}
