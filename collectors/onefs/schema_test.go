package onefs

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	fixtures "dataprotection_exporter/fixtures/onefs"
)

// The documented models, field by field: what each becomes, or why it is left
// out. From the models of Isilon/isilon_sdk_python, v9_1_0 to v9_5_0; those of
// cluster/config as far as public clients use them.
const (
	decides  = "decides: "
	leftOut  = "left out: "
	setting  = leftOut + "a setting and no health: `isi antivirus cava` shows it"
	envelope = leftOut + "of the envelope: the list itself is counted"
	identity = leftOut + "no use beside the name"
	paths    = leftOut + "holds paths"
)

var documented = map[string]struct {
	model  any
	fields map[string]string
}{
	"cluster/config": {clusterAnswer{}, map[string]string{
		"name": "onefs_cluster_info", "guid": "onefs_cluster_info", "onefs_version": "onefs_cluster_info", "devices": "onefs_nodes",
		"has_quorum": leftOut + "without a quorum the API does not answer for long; nodes and nodes_up say more",
		"local_lnn":  leftOut + "the node that happened to answer", "local_devid": leftOut + "the node that happened to answer",
		"local_serial": leftOut + "the node that happened to answer", "description": leftOut + "free text",
		"is_virtual": identity, "is_compliance": setting, "is_vonefs": identity, "encoding": setting, "join_mode": setting,
		"timezone": leftOut + "the option timezone: the times to read come from the antivirus product",
	}},
	"cluster/config timezone": {struct{}{}, map[string]string{
		"abbreviation": setting, "custom": setting, "name": setting, "path": setting,
	}},
	"cluster/config devices[]": {deviceRecord{}, map[string]string{
		"devid": decides + "which node an entry without a number is about", "lnn": decides + "label node", "is_up": "onefs_nodes_up", "guid": identity,
	}},
	"cluster/config onefs_version": {release{}, map[string]string{
		"release": "onefs_cluster_info", "version": identity, "build": identity, "revision": identity, "type": identity, "copyright": identity, "reldate": identity,
	}},
	"avscan/settings": {settingsAnswer{}, map[string]string{"settings": "onefs_cava_service_enabled"}},
	"avscan/settings settings": {settingsRecord{}, map[string]string{
		"service_enabled": "onefs_cava_service_enabled", "scan_zones": setting, "ip_pool": setting, "report_expiry": setting, "scan_timeout": setting,
		"scan_cloudpool_timeout": setting, "scan_size_maximum": setting,
	}},
	"avscan/servers": {serversAnswer{}, map[string]string{"servers": "onefs_cava_servers_enabled", "resume": decides + "the next page", "total": envelope}},
	"avscan/servers servers[]": {serverRecord{}, map[string]string{
		"id": decides + "label server, without a name", "server_name": decides + "label server", "enabled": "onefs_cava_server_enabled",
		"server_type": decides + "ICAP servers are left out", "server_uri": leftOut + "an address; the nodes know servers by name",
	}},
	"avscan/filters": {filtersAnswer{}, map[string]string{"filters": "onefs_cava_zone_filter_enabled", "resume": decides + "the next page", "total": envelope}},
	"avscan/filters filters[]": {filterRecord{}, map[string]string{
		"zone_name": decides + "label zone", "filter_enabled": "onefs_cava_zone_filter_enabled", "scan_profile": decides + "label profile",
		"open_on_fail": "onefs_cava_zone_open_on_fail", "id": identity, "scan_on_read": leftOut + "follows from the profile", "scan_on_close": leftOut + "follows from the profile",
		"scan_on_rename": leftOut + "follows from the profile", "scan_cloudpool_files": setting, "file_extension_action": setting, "file_extensions": setting,
		"paths_to_exclude": paths, "scan_if_no_extension": setting,
	}},
	"avscan/jobs": {jobsAnswer{}, map[string]string{"jobs": "onefs_cava_job_enabled", "resume": decides + "the next page", "total": envelope}},
	"avscan/jobs jobs[]": {jobRecord{}, map[string]string{
		"id": decides + "label job, without a name", "job_name": decides + "label job", "enabled": "onefs_cava_job_enabled",
		"last_scheduled_run": "onefs_cava_job_last_run_timestamp_seconds", "description": leftOut + "free text", "schedule": setting, "impact": setting,
		"paths_to_include": paths, "paths_to_exclude": paths, "file_extension_action": setting, "file_extensions": setting,
		"scan_if_no_extension": setting, "scan_cloudpool_files": setting, "ignore_previous_scan_status": setting,
	}},
	"avscan/nodes/{lnn}/status": {nodesAnswer{}, map[string]string{"nodes": "onefs_cava_system_status", "errors": decides + "how the question about a node fails", "total": envelope}},
	"avscan/nodes/{lnn}/status nodes[]": {nodeRecord{}, map[string]string{
		"id": decides + "label node, without a number", "lnn": decides + "label node", "error": decides + "how the question about a node fails", "status": "onefs_cava_system_status",
	}},
	"avscan/nodes/{lnn}/status errors[]": {nodeError{}, map[string]string{
		"id": decides + "which node, without a number", "lnn": decides + "which node", "status": decides + "the reason of the failure", "code": decides + "the words of the failure",
		"message": decides + "the words of the failure", "field": leftOut + "no argument is ours",
	}},
	"avscan/nodes/{lnn}/status status": {nodeStatus{}, map[string]string{
		"system_status": "onefs_cava_system_status", "blocking_events": "onefs_cava_blocking_events", "av_vendor": "onefs_cava_node_info",
		"cee_version": "onefs_cava_node_info", "dtd_version": "onefs_cava_node_info", "signature_timestamp": "onefs_cava_signature_timestamp_seconds",
		"server_status": "onefs_cava_server_online", "system_stats": "onefs_cava_scan_requests_total",
	}},
	"avscan/nodes/{lnn}/status server_status[]": {serverStatus{}, map[string]string{
		"server_name": decides + "label server", "server_state": "onefs_cava_server_state", "connections": "onefs_cava_server_connections",
		"good_heartbeats": "onefs_cava_server_heartbeats_total", "heartbeat_rtt": "onefs_cava_server_heartbeat_rtt_seconds",
		"scan_requests": "onefs_cava_server_scan_requests_total", "scan_rtt": "onefs_cava_server_scan_rtt_seconds",
	}},
	"avscan/nodes/{lnn}/status system_stats": {systemStats{}, map[string]string{
		"all_scan_requests":       leftOut + "the sum of the requests by source",
		"on_demand_scan_requests": "onefs_cava_scan_requests_total", "job_scan_requests": "onefs_cava_scan_requests_total", "manual_scan_requests": "onefs_cava_scan_requests_total",
		"files_processed": "onefs_cava_files_processed_total", "files_skipped_per_filter": "onefs_cava_files_skipped_total", "files_skipped_per_size": "onefs_cava_files_skipped_total",
		"cee_success_count": "onefs_cava_scan_results_total", "cee_failure_count": "onefs_cava_scan_results_total", "cee_infected_count": "onefs_cava_scan_results_total",
		"scan_fails": "onefs_cava_scan_failures_total", "scan_timeouts": "onefs_cava_scan_timeouts_total",
		"avg_scan_duration": "onefs_cava_scan_duration_avg_seconds", "avg_scan_block_time": "onefs_cava_scan_block_time_avg_seconds",
		"fast_file_queue_size": "onefs_cava_queue_files", "fast_file_queue_max_size": "onefs_cava_queue_limit_files",
		"slow_file_queue_size": "onefs_cava_queue_files", "slow_file_queue_max_size": "onefs_cava_queue_limit_files",
		"batch_file_queue_size": "onefs_cava_queue_files", "batch_file_queue_max_size": "onefs_cava_queue_limit_files",
	}},
	"event/eventgroup-occurrences": {eventsAnswer{}, map[string]string{
		"eventgroups": "onefs_avscan_event_active", "eventgroup-occurrences": "onefs_avscan_event_active", "resume": decides + "the next page", "total": envelope,
	}},
	"event/eventgroup-occurrences eventgroups[]": {eventRecord{}, map[string]string{
		"causes": "onefs_avscan_event_active", "severity": decides + "label severity", "resolved": decides + "whether the event stands", "ignore": decides + "whether the event stands",
		"specifier": decides + "the node named to a person", "id": identity, "eventgroup_instance": identity, "channels": setting, "event_count": leftOut + "says nothing of now",
		"ignore_time": leftOut + "of an event that does not stand", "resolve_time": leftOut + "of an event that does not stand", "resolver": leftOut + "names a person",
		"last_event": leftOut + "an event group stands until it is resolved", "time_noticed": leftOut + "Prometheus knows since when the series is 1", "sequence": identity,
		"maintenance": leftOut + "not in every release; suppress the alert instead",
	}},
	"antivirus/reports/scans": {scansAnswer{}, map[string]string{"reports": "onefs_avscan_report_files", "resume": decides + "the next page", "total": envelope}},
	"antivirus/reports/scans reports[]": {reportRecord{}, map[string]string{
		"av_service": decides + "ICAP scans are left out", "policy_id": decides + "label policy", "status": decides + "only completed scans count", "start": decides + "whether the list is sorted",
		"end": "onefs_avscan_report_end_timestamp_seconds", "duration": "onefs_avscan_report_duration_seconds", "files": "onefs_avscan_report_files", "size": "onefs_avscan_report_size_bytes",
		"infections": "onefs_avscan_report_infections", "scan_fails": "onefs_avscan_report_failures", "id": identity, "job_id": leftOut + "another one for each run",
		"bytes_sent": leftOut + "network traffic", "num_files_rev": leftOut + "files looked at; those scanned count", "num_cloud_files": leftOut + "part of the files", "num_cloud_files_rev": leftOut + "part of the files",
	}},
	"antivirus/reports/threats": {threatsAnswer{}, map[string]string{
		"total": "onefs_avscan_threat_reports", "reports": leftOut + "one entry for each file, with its path", "resume": leftOut + "one entry is asked for, for the total",
	}},
}

// The fixtures are written from the schema by themselves: a field they have is
// accounted for here too.
func TestFixturesHaveNoOtherField(t *testing.T) {
	for resource, bodies := range map[string][][]byte{
		"cluster/config": {fixtures.ClusterConfig("healthy")}, "avscan/settings": {fixtures.Settings("enabled")},
		"avscan/servers": {fixtures.Servers("four")}, "avscan/filters": {fixtures.Filters("three"), fixtures.Filters("item")},
		"avscan/jobs": {fixtures.Jobs("two")}, "event/eventgroup-occurrences": {fixtures.Events("server_offline"), fixtures.Events("hyphenated_key")},
		"antivirus/reports/scans":   {fixtures.Reports("several_policies")},
		"avscan/nodes/{lnn}/status": {fixtures.Nodes("all_running"), fixtures.Nodes("node_down_only_in_errors"), fixtures.Nodes("node_down_with_error")},
	} {
		fields := map[string]bool{}
		for r, d := range documented {
			if r == resource || strings.HasPrefix(r, resource+" ") {
				for f := range d.fields {
					fields[f] = true
				}
			}
		}
		for _, body := range bodies {
			var v any
			if err := json.Unmarshal(body, &v); err != nil {
				t.Fatal(err)
			}
			for _, key := range keysOf(v) {
				if !fields[key] {
					t.Errorf("%s: the field %q is not accounted for", resource, key)
				}
			}
		}
	}
}

// keysOf are the names in a body, but for those inside a specifier, which differ
// from event to event.
func keysOf(v any) (keys []string) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			keys = append(keys, keysOf(item)...)
		}
	case map[string]any:
		for k, item := range v {
			keys = append(keys, k)
			if k != "specifier" {
				keys = append(keys, keysOf(item)...)
			}
		}
	}
	return keys
}

// Every documented field is exported, used, or left out with a reason; nothing
// else is read.
func TestEveryDocumentedFieldIsAccountedFor(t *testing.T) {
	var declared []string
	for _, m := range metrics {
		declared = append(declared, m.Name)
	}
	used := map[string]bool{}
	for _, resource := range slices.Sorted(maps.Keys(documented)) {
		d := documented[resource]
		var read []string
		model := reflect.TypeOf(d.model)
		for i := range model.NumField() {
			key, _, _ := strings.Cut(model.Field(i).Tag.Get("json"), ",")
			if _, known := d.fields[key]; !known {
				t.Errorf("%s: %q is read and not documented", resource, key)
			}
			read = append(read, key)
		}
		for field, what := range d.fields {
			isRead := slices.Contains(read, field)
			switch {
			case strings.HasPrefix(what, leftOut):
				if isRead {
					t.Errorf("%s: %s is read and said to be left out", resource, field)
				}
				if len(what) < len(leftOut)+8 {
					t.Errorf("%s: %s is left out without a reason", resource, field)
				}
			case !isRead && field != "resume": // the client's own
				t.Errorf("%s: %s is not read", resource, field)
			case !strings.HasPrefix(what, decides):
				used[what] = true
				if !slices.Contains(declared, what) {
					t.Errorf("%s: %s becomes %s, which is no metric", resource, field, what)
				}
			}
		}
	}
	for _, name := range declared {
		if !used[name] && name != "onefs_cava_servers_recommended" && name != "onefs_cava_server_connections_limit" {
			t.Errorf("no documented field becomes %s", name)
		}
	}
}
