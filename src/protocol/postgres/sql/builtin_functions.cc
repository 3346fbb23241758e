#include "protocol/postgres/sql/builtin_functions.h"

#include <unordered_map>
#include <vector>

namespace narrowgate::postgres {
namespace {

using Kind = BuiltinFunction::Kind;

constexpr std::string_view kLargeObjects = "pg_largeobject";

// Names are blank-separated; they share what follows.
struct Group {
  std::string_view names;
  BuiltinFunction what;
};

constexpr BuiltinFunction does(Danger danger, std::string_view reads = {}, std::string_view writes = {}) {
  return {{}, Kind::does, danger, reads, writes};
}
constexpr BuiltinFunction is(Kind kind) { return {{}, kind}; }
constexpr BuiltinFunction shows(std::string_view relation) { return {{}, Kind::shows, Danger::read, relation}; }

const Group kBuiltins[] = {
    // ---- volatile, and nothing but a value comes of it
    {"clock_timestamp timeofday random random_normal gen_random_uuid uuidv4 uuidv7 amvalidate current_query pg_sleep "
     "pg_sleep_for pg_sleep_until "
     "txid_status pg_xact_status pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_last_committed_xact "
     "pg_get_multixact_members "
     "pg_is_in_recovery pg_is_in_backup pg_backup_start_time pg_jit_available pg_partition_ancestors pg_partition_tree "
     "pg_current_logfile pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_last_wal_receive_lsn "
     "pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_is_wal_replay_paused pg_get_wal_replay_pause_state "
     "pg_get_wal_resource_managers pg_get_wal_summarizer_state pg_available_wal_summaries pg_wal_summary_contents "
     "pg_collation_actual_version pg_database_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery "
     "pg_control_system pg_blocking_pids pg_safe_snapshot_blocking_pids pg_isolation_test_session_is_blocked pg_lock_status "
     "pg_prepared_xact pg_notification_queue_usage pg_get_backend_memory_contexts pg_get_shmem_allocations "
     "pg_get_shmem_allocations_numa pg_numa_available pg_get_loaded_modules pg_get_aios pg_stat_get_recovery_prefetch "
     "pg_stat_have_stats "
     "pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls "
     "pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans "
     "pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated "
     "pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_inserted pg_stat_get_xact_tuples_returned "
     "pg_stat_get_xact_tuples_updated pg_show_replication_origin_status pg_replication_origin_progress "
     "pg_replication_origin_session_is_setup pg_replication_origin_session_progress array_shuffle array_sample "
     "suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column unique_key_recheck lastval",
     is(Kind::harmless)},
    {"pg_relation_size pg_table_size pg_indexes_size pg_total_relation_size pg_database_size pg_tablespace_size",
     is(Kind::size_of)},

    // ---- sequences
    {"nextval", is(Kind::sequence_next)},
    {"setval", is(Kind::sequence_set)},
    {"currval pg_sequence_last_value pg_get_sequence_data", is(Kind::sequence_now)},

    // ---- this session
    {"set_config", is(Kind::set_config)},
    {"setseed pg_advisory_lock pg_advisory_lock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock "
     "pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared pg_advisory_unlock "
     "pg_advisory_unlock_shared pg_advisory_unlock_all pg_export_snapshot pg_stat_clear_snapshot pg_stat_force_next_flush "
     "lo_close",
     does(Danger::session)},

    // ---- SQL or tables that text names
    {"query_to_xml query_to_xmlschema query_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema schema_to_xml "
     "schema_to_xml_and_xmlschema database_to_xml database_to_xml_and_xmlschema ts_stat currtid2",
     is(Kind::runs_text)},
    {"ts_rewrite", {{}, Kind::runs_text, Danger::read, {}, {}, 0, 2}},  // (tsquery, tsquery, tsquery) is a plain function
    {"table_to_xml table_to_xml_and_xmlschema", is(Kind::rows_of)},
    {"json_populate_record jsonb_populate_record json_populate_recordset jsonb_populate_recordset jsonb_populate_record_valid",
     is(Kind::populate_record)},
    {"pg_input_is_valid pg_input_error_info domain_in record_in array_in range_in multirange_in", is(Kind::input_as_type)},

    // ---- large objects
    {"lo_open", is(Kind::lo_open)},
    {"lo_get loread lo_lseek lo_lseek64 lo_tell lo_tell64", does(Danger::read, kLargeObjects)},
    {"lo_creat lo_create lo_from_bytea lo_put lo_truncate lo_truncate64 lo_unlink lowrite",
     does(Danger::write, {}, kLargeObjects)},
    {"lo_import", does(Danger::admin, {}, kLargeObjects)},
    {"lo_export", does(Danger::admin, kLargeObjects)},

    // ---- seen by others
    {"pg_notify pg_logical_emit_message txid_current pg_current_xact_id", does(Danger::write)},
    {"pg_import_system_collations", does(Danger::ddl)},

    // ---- the server: files, other sessions, the log, replication, statistics, upkeep
    {"pg_read_file pg_read_file_old pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir "
     "pg_ls_archive_statusdir pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir "
     "pg_logdir_ls pg_file_write pg_file_sync pg_file_rename pg_file_unlink",
     does(Danger::admin)},
    {"pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_rotate_logfile_old "
     "pg_log_backend_memory_contexts "
     "pg_get_process_memory_contexts pg_promote pg_nextoid pg_stop_making_pinned_objects pg_extension_config_dump "
     "pg_switch_wal pg_switch_xlog pg_create_restore_point pg_wal_replay_pause pg_wal_replay_resume pg_backup_start "
     "pg_backup_stop "
     "pg_start_backup pg_stop_backup pg_create_physical_replication_slot pg_create_logical_replication_slot "
     "pg_copy_physical_replication_slot pg_copy_logical_replication_slot pg_drop_replication_slot pg_replication_slot_advance "
     "pg_sync_replication_slots pg_logical_slot_get_changes pg_logical_slot_get_binary_changes pg_logical_slot_peek_changes "
     "pg_logical_slot_peek_binary_changes pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_advance "
     "pg_replication_origin_session_setup pg_replication_origin_session_reset pg_replication_origin_xact_setup "
     "pg_replication_origin_xact_reset pg_stat_reset pg_stat_reset_shared pg_stat_reset_slru pg_stat_reset_replication_slot "
     "pg_stat_reset_subscription_stats pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters "
     "pg_stat_reset_backend_stats pg_restore_relation_stats pg_clear_relation_stats pg_restore_attribute_stats "
     "pg_clear_attribute_stats pg_restore_extended_stats pg_clear_extended_stats gin_clean_pending_list "
     "brin_summarize_new_values "
     "brin_summarize_range brin_desummarize_range binary_upgrade_create_empty_extension binary_upgrade_set_missing_value "
     "binary_upgrade_set_next_array_pg_type_oid binary_upgrade_set_next_attribute_versions "
     "binary_upgrade_set_next_heap_pg_class_oid binary_upgrade_set_next_heap_relfilenode "
     "binary_upgrade_set_next_index_pg_class_oid binary_upgrade_set_next_index_relfilenode "
     "binary_upgrade_set_next_multirange_array_pg_type_oid binary_upgrade_set_next_multirange_pg_type_oid "
     "binary_upgrade_set_next_pg_authid_oid binary_upgrade_set_next_pg_enum_oid binary_upgrade_set_next_pg_tablespace_oid "
     "binary_upgrade_set_next_pg_type_oid binary_upgrade_set_next_toast_pg_class_oid "
     "binary_upgrade_set_next_toast_relfilenode binary_upgrade_set_record_init_privs binary_upgrade_logical_slot_has_caught_up "
     "binary_upgrade_add_sub_rel_state binary_upgrade_replorigin_advance",
     does(Danger::admin)},

    // ---- what system relations show, by another door
    {"pg_show_all_file_settings", shows("pg_file_settings")},
    {"pg_hba_file_rules", shows("pg_hba_file_rules")},
    {"pg_ident_file_mappings", shows("pg_ident_file_mappings")},
    {"pg_stat_get_activity pg_stat_get_backend_activity", shows("pg_stat_activity")},
    {"pg_stat_get_wal_receiver", shows("pg_stat_wal_receiver")},
    {"pg_get_functiondef pg_get_function_sqlbody", shows("pg_proc")},
    {"pg_mcv_list_items", shows("pg_statistic_ext_data")},
};

struct ExtensionGroup {
  std::string_view extension;
  std::string_view functions;  // "*": all that are not named elsewhere
  BuiltinFunction what;
};

const ExtensionGroup kExtensions[] = {
    {"dblink", "*", is(Kind::runs_text)},
    {"postgres_fdw", "postgres_fdw_get_connections", is(Kind::harmless)},
    {"postgres_fdw", "postgres_fdw_disconnect postgres_fdw_disconnect_all", does(Danger::session)},
    {"pgcrypto",
     "gen_salt gen_random_bytes gen_random_uuid pgp_sym_encrypt pgp_sym_encrypt_bytea pgp_pub_encrypt pgp_pub_encrypt_bytea",
     is(Kind::harmless)},
    {"uuid-ossp", "*", is(Kind::harmless)},
    {"tablefunc", "normal_rand", is(Kind::harmless)},
    {"tablefunc", "*", is(Kind::runs_text)},
    {"pg_trgm", "set_limit", does(Danger::session)},
    {"pg_trgm", "*", is(Kind::harmless)},
    {"unaccent", "*", is(Kind::harmless)},
    {"hstore", "populate_record", is(Kind::populate_record)},
    {"isn", "isn_weak", does(Danger::session)},
    {"sslinfo", "*", is(Kind::harmless)},
    {"lo", "lo_manage", does(Danger::write, {}, kLargeObjects)},
    {"adminpack", "*", does(Danger::admin)},
    {"xml2", "xpath_table xslt_process", is(Kind::runs_text)},
    {"pg_stat_statements", "pg_stat_statements pg_stat_statements_info", is(Kind::harmless)},
    {"pg_stat_statements", "pg_stat_statements_reset", does(Danger::admin)},
    {"pgstattuple", "*", is(Kind::size_of)},
    {"pg_freespacemap", "*", is(Kind::size_of)},
    {"pg_visibility", "pg_truncate_visibility_map", does(Danger::admin)},
    {"pg_visibility", "*", is(Kind::size_of)},
    {"pgrowlocks", "*", is(Kind::size_of)},
    {"pg_buffercache", "pg_buffercache_evict pg_buffercache_evict_relation pg_buffercache_evict_all", does(Danger::admin)},
    {"pg_buffercache", "*", is(Kind::harmless)},
    {"pg_prewarm", "pg_prewarm", does(Danger::session)},
    {"pg_prewarm", "*", does(Danger::admin)},
    {"pg_surgery", "*", does(Danger::admin)},
    {"amcheck", "*", does(Danger::admin)},
    {"pageinspect", "*", is(Kind::runs_text)},
    {"pg_walinspect", "*", is(Kind::runs_text)},
    {"insert_username", "*", is(Kind::harmless)},
    {"moddatetime", "*", is(Kind::harmless)},
    {"tcn", "*", does(Danger::write)},
    {"tsm_system_rows", "*", is(Kind::harmless)},
    {"tsm_system_time", "*", is(Kind::harmless)},
};

template <class Take>
void each_word(std::string_view words, Take take) {
  for (std::size_t from = 0; from < words.size();) {
    const std::size_t to = std::min(words.find(' ', from), words.size());
    if (to > from) take(words.substr(from, to - from));
    from = to + 1;
  }
}

using Table = std::unordered_map<std::string_view, BuiltinFunction>;

const Table& builtins() {
  static const Table table = [] {
    Table out;
    for (const Group& group : kBuiltins)
      each_word(group.names, [&](std::string_view name) {
        BuiltinFunction one = group.what;
        one.name = name;
        out.emplace(name, one);
      });
    return out;
  }();
  return table;
}

struct SystemRow {
  std::string_view names, sensitive;
};

const SystemRow kSystem[] = {
    // Definitions, and counters that tell how much but not what.
    {"pg_aggregate pg_aios pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_available_extension_versions "
     "pg_available_extensions pg_backend_memory_contexts pg_cast pg_class pg_collation pg_config pg_constraint pg_conversion "
     "pg_cursors pg_database pg_default_acl pg_depend pg_description pg_enum pg_event_trigger pg_extension pg_group "
     "pg_index pg_indexes pg_inherits pg_init_privs pg_language pg_largeobject_metadata pg_locks pg_matviews pg_namespace "
     "pg_opclass "
     "pg_operator pg_opfamily pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_prepared_statements "
     "pg_prepared_xacts pg_publication pg_publication_namespace pg_publication_rel pg_publication_tables pg_range "
     "pg_replication_origin pg_replication_origin_status pg_replication_slots pg_rewrite pg_roles pg_rules pg_seclabel "
     "pg_seclabels pg_sequence pg_settings pg_shdepend pg_shdescription pg_shmem_allocations "
     "pg_shmem_allocations_numa pg_shseclabel pg_stat_all_indexes pg_stat_all_tables pg_stat_archiver pg_stat_bgwriter "
     "pg_stat_checkpointer pg_stat_database pg_stat_database_conflicts pg_stat_gssapi pg_stat_io pg_stat_progress_analyze "
     "pg_stat_progress_basebackup pg_stat_progress_cluster pg_stat_progress_copy pg_stat_progress_create_index "
     "pg_stat_progress_vacuum pg_stat_recovery_prefetch pg_stat_replication pg_stat_replication_slots pg_stat_slru pg_stat_ssl "
     "pg_stat_subscription pg_stat_subscription_stats pg_stat_sys_indexes pg_stat_sys_tables pg_stat_user_functions "
     "pg_stat_user_indexes pg_stat_user_tables pg_stat_wal pg_stat_xact_all_tables pg_stat_xact_sys_tables "
     "pg_stat_xact_user_functions pg_stat_xact_user_tables pg_statio_all_indexes pg_statio_all_sequences pg_statio_all_tables "
     "pg_statio_sys_indexes pg_statio_sys_sequences pg_statio_sys_tables pg_statio_user_indexes pg_statio_user_sequences "
     "pg_statio_user_tables pg_statistic_ext pg_subscription_rel pg_tables pg_tablespace pg_timezone_abbrevs "
     "pg_timezone_names pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type "
     "pg_views pg_wait_events pg_dist_object",
     ""},
    // Function bodies may hold secrets; so may what is said to other servers.
    {"pg_proc", "prosrc probin prosqlbody"},
    {"pg_foreign_data_wrapper", "fdwoptions"},
    {"pg_foreign_server", "srvoptions"},
    {"pg_foreign_table", "ftoptions"},
    {"pg_subscription", "subconninfo"},
    {"pg_sequences", "last_value"},
    {"pg_user", "useconfig"},
    {"pg_db_role_setting pg_authid pg_shadow pg_user_mapping pg_user_mappings pg_hba_file_rules pg_ident_file_mappings "
     "pg_file_settings "
     "pg_largeobject pg_statistic pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs pg_stat_activity "
     "pg_stat_wal_receiver",
     "*"},
};

const SystemRow kInformationSchema[] = {
    {"routines", "routine_definition"},
    {"foreign_data_wrapper_options foreign_server_options foreign_table_options user_mapping_options column_options "
     "_pg_user_mappings "
     "_pg_foreign_servers _pg_foreign_tables _pg_foreign_table_columns _pg_foreign_data_wrappers",
     "*"},
};

std::unordered_map<std::string_view, std::string_view> by_name(std::span<const SystemRow> rows) {
  std::unordered_map<std::string_view, std::string_view> out;
  for (const SystemRow& row : rows) each_word(row.names, [&](std::string_view name) { out.emplace(name, row.sensitive); });
  return out;
}

}  // namespace

const BuiltinFunction* builtin_function(std::string_view name, int arguments) {
  const auto found = builtins().find(name);
  if (found == builtins().end()) return nullptr;
  const BuiltinFunction& one = found->second;
  return arguments < one.arguments_min || arguments > one.arguments_max ? nullptr : &one;
}

const BuiltinFunction* extension_function(std::string_view extension, std::string_view function) {
  const BuiltinFunction* rest = nullptr;
  for (const ExtensionGroup& group : kExtensions) {
    if (group.extension != extension) continue;
    if (group.functions == "*") rest = &group.what;
    bool named = false;
    each_word(group.functions, [&](std::string_view name) { named = named || name == function; });
    if (named) return &group.what;
  }
  return rest;
}

bool SystemRelation::is_sensitive(std::string_view column) const {
  bool found = sensitive == "*";
  each_word(sensitive, [&](std::string_view name) { found = found || name == column; });
  return found;
}

SystemRelation system_relation(std::string_view schema, std::string_view name) {
  static const auto catalog = by_name(kSystem);
  static const auto information_schema = by_name(kInformationSchema);
  if (schema == "information_schema") {  // standard views of definitions, all but a few
    const auto found = information_schema.find(name);
    return {true, found == information_schema.end() ? std::string_view() : found->second};
  }
  const auto found = catalog.find(name);
  if (schema != "pg_catalog" || found == catalog.end()) return {false, "*"};
  return {true, found->second};
}

}  // namespace narrowgate::postgres
