package csmars

import "dataprotection_exporter/collectors/metric"

// The parts of this system.
const (
	partArchive    = "archive"
	partFilesystem = "filesystem"
	partDatabase   = "database"
	partVerify     = "verify"
)

const (
	fromFolders    = "archive: "
	fromFilesystem = "statfs of the archive: "
	fromDatabase   = "`pndbusage`: "
	fromContents   = "contents of the files: "
)

var perSeries = []string{"type", "kind"}

// What a scan of the archive brings.
var (
	metricDayFolders = metric.New(metric.Desc{
		Name: "csmars_archive_day_folders", Kind: metric.Gauge, Unit: "folders", Part: partArchive,
		Help:   "Dated folders in the archive.",
		Source: fromFolders + "folders named YYYY-MM-DD",
	})
	metricOldestDay = metric.New(metric.Desc{
		Name: "csmars_archive_oldest_day_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partArchive,
		Help:   "Local midnight of the oldest dated folder. Absent without any.",
		Source: fromFolders + "smallest folder name",
	})
	metricNewestDay = metric.New(metric.Desc{
		Name: "csmars_archive_newest_day_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partArchive,
		Help:   "Local midnight of the newest dated folder. Absent without any.",
		Source: fromFolders + "largest folder name",
	})
	metricMissingDays = metric.New(metric.Desc{
		Name: "csmars_archive_missing_day_folders", Kind: metric.Gauge, Unit: "folders", Part: partArchive,
		Help:   "Days without a folder between the oldest day, within the retention, and yesterday. Yesterday counts from 03:00 local time on, today never.",
		Source: fromFolders + "gaps between folder names",
	})
	metricRetention = metric.New(metric.Desc{
		Name: "csmars_archive_retention_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partArchive,
		Help:   "Configured time for which the archive is kept.",
		Source: "configuration: retention_days",
	})
	metricFiles = metric.New(metric.Desc{
		Name: "csmars_archive_files", Kind: metric.Gauge, Unit: "files", Labels: perSeries, Part: partArchive,
		Values: map[string][]string{"kind": kinds},
		Help:   "Files in the archive by two-letter folder. In ES also by kind: raw messages (rm-), events and sessions (es-), and names that say neither.",
		Source: fromFolders + "files in YYYY-MM-DD/<type>/",
	})
	metricBytes = metric.New(metric.Desc{
		Name: "csmars_archive_bytes", Kind: metric.Gauge, Unit: "bytes", Labels: perSeries, Part: partArchive,
		Values: map[string][]string{"kind": kinds},
		Help:   "Size of the files in the archive, as they lie there.",
		Source: fromFolders + "sizes of files in YYYY-MM-DD/<type>/",
	})
	metricNewestFile = metric.New(metric.Desc{
		Name: "csmars_archive_newest_file_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Labels: perSeries, Part: partArchive,
		Values: map[string][]string{"kind": kinds},
		Help:   "End of the interval in the name of the newest file; its modification time where names tell none. Absent without files.",
		Source: fromFolders + "times in file names",
	})
	metricUnrecognizedFiles = metric.New(metric.Desc{
		Name: "csmars_archive_unrecognized_files", Kind: metric.Gauge, Unit: "files", Part: partArchive,
		Help:   "Files in dated folders whose place or name is not known: outside the folders of a day, or in ES without an interval in their name.",
		Source: fromFolders + "file names",
	})
	metricBytesPerDay = metric.New(metric.Desc{
		Name: "csmars_archive_bytes_per_day", Kind: metric.Gauge, Unit: "bytes", Part: partArchive,
		Help:   "Mean size of the last 7 closed days, those before yesterday. Absent while there is none.",
		Source: fromFolders + "sizes of files",
	})
	metricProjected = metric.New(metric.Desc{
		Name: "csmars_archive_projected_bytes", Kind: metric.Gauge, Unit: "bytes", Part: partArchive,
		Help:   "Size the archive comes to: a mean day for every day of the retention.",
		Source: "csmars_archive_bytes_per_day times retention_days",
	})
	metricScanTime = metric.New(metric.Desc{
		Name: "csmars_archive_scan_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partArchive,
		Help:   "When the scan that these numbers come from began. A mount that hangs shows here.",
		Source: "the exporter's clock",
	})
	metricScanDuration = metric.New(metric.Desc{
		Name: "csmars_archive_scan_duration_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partArchive,
		Help:   "How long that scan took.",
		Source: "the exporter's clock",
	})
	metricBackups = metric.New(metric.Desc{
		Name: "csmars_archive_os_backups", Kind: metric.Gauge, Part: partArchive,
		Help:   "Operating system backups in the archive. Absent when their folder cannot be read.",
		Source: fromFolders + "entries of pnos",
	})
)

// What the filesystem says.
var (
	metricSize = metric.New(metric.Desc{
		Name: "csmars_archive_filesystem_size_bytes", Kind: metric.Gauge, Unit: "bytes", Part: partFilesystem,
		Help:   "Size of the filesystem that holds the archive.",
		Source: fromFilesystem + "f_blocks",
	})
	metricAvailable = metric.New(metric.Desc{
		Name: "csmars_archive_filesystem_avail_bytes", Kind: metric.Gauge, Unit: "bytes", Part: partFilesystem,
		Help:   "Space that the archive may still use.",
		Source: fromFilesystem + "f_bavail",
	})
	metricInodes = metric.New(metric.Desc{
		Name: "csmars_archive_filesystem_inodes", Kind: metric.Gauge, Part: partFilesystem,
		Help:   "Inodes of the filesystem. Absent where it does not count them.",
		Source: fromFilesystem + "f_files",
	})
	metricInodesFree = metric.New(metric.Desc{
		Name: "csmars_archive_filesystem_inodes_free", Kind: metric.Gauge, Part: partFilesystem,
		Help:   "Inodes that are free. Absent where the filesystem does not count them.",
		Source: fromFilesystem + "f_ffree",
	})
	metricReadOnly = metric.New(metric.Desc{
		Name: "csmars_archive_filesystem_readonly", Kind: metric.Gauge, Part: partFilesystem,
		Help:   "Whether the filesystem is mounted read-only here. On a client of the archive server that is as it should be.",
		Source: fromFilesystem + "ST_RDONLY",
	})
)

// What the appliance says of its database.
var (
	metricUsed = metric.New(metric.Desc{
		Name: "csmars_database_partition_used_ratio", Kind: metric.Gauge, Unit: "ratio", Part: partDatabase,
		Help:   "How full the current partition is.",
		Source: fromDatabase + "uses N% of its available capacity",
	})
	metricStart = metric.New(metric.Desc{
		Name: "csmars_database_partition_start_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partDatabase,
		Help:   "When the current partition was begun.",
		Source: fromDatabase + "Current partition started on ...",
	})
	metricSwitch = metric.New(metric.Desc{
		Name: "csmars_database_partition_switch_timestamp_seconds", Kind: metric.Gauge, Unit: "seconds", Part: partDatabase,
		Help:   "When the appliance expects to begin the next partition: a straight line through its fill since it began.",
		Source: fromDatabase + "Switching to next partition is estimated for ...",
	})
	metricEmpty = metric.New(metric.Desc{
		Name: "csmars_database_empty_partitions", Kind: metric.Gauge, Part: partDatabase,
		Help:   "Empty partitions. Absent when the answer does not say; 0 when it says that data will be purged instead.",
		Source: fromDatabase + "N empty partitions are available for storage",
	})
	metricPurge = metric.New(metric.Desc{
		Name: "csmars_database_purge_on_switch", Kind: metric.Gauge, Part: partDatabase,
		Help:   "Whether the next switch purges the oldest data. Absent when the answer tells neither that nor of empty partitions.",
		Source: fromDatabase + "... will be purged when switching",
	})
)

// What the contents of the files say.
var (
	metricVerified = metric.New(metric.Desc{
		Name: "csmars_archive_verified_files_total", Kind: metric.Counter, Unit: "files", Part: partVerify,
		Help:   "Files read to their end and checked, damaged ones included.",
		Source: fromContents + "checksum and length of gzip, signature of compress",
	})
	metricUnverified = metric.New(metric.Desc{
		Name: "csmars_archive_unverified_files", Kind: metric.Gauge, Unit: "files", Part: partVerify,
		Help:   "Files in the archive that were not checked yet: the backlog, files still being written, and files that cannot be read.",
		Source: fromContents + "files listed and not checked",
	})
	metricCorrupt = metric.New(metric.Desc{
		Name: "csmars_archive_corrupt_files", Kind: metric.Gauge, Unit: "files", Part: partVerify,
		Help:   "Files in the archive that were found damaged: cut short, or with a wrong checksum or length. Their names are in the log and on /targets.",
		Source: fromContents + "checksum and length of gzip, signature of compress",
	})
	metricRawMessages = metric.New(metric.Desc{
		Name: "csmars_archive_raw_messages_total", Kind: metric.Counter, Unit: "messages", Part: partVerify,
		Help:   "Raw messages in the files checked.",
		Source: fromContents + "rows of rm- files",
	})
	metricMatches = metric.New(metric.Desc{
		Name: "csmars_archive_pattern_matches_total", Kind: metric.Counter, Unit: "messages", Labels: []string{"pattern"}, Part: partVerify,
		Help:   "Raw messages in the files checked that match a configured pattern.",
		Source: fromContents + "rows of rm- files",
	})
)

// metrics is everything this system may emit.
var metrics = []*metric.Desc{
	metricDayFolders, metricOldestDay, metricNewestDay, metricMissingDays, metricRetention,
	metricFiles, metricBytes, metricNewestFile, metricUnrecognizedFiles, metricBytesPerDay, metricProjected,
	metricScanTime, metricScanDuration, metricBackups,
	metricSize, metricAvailable, metricInodes, metricInodesFree, metricReadOnly,
	metricUsed, metricStart, metricSwitch, metricEmpty, metricPurge,
	metricVerified, metricUnverified, metricCorrupt, metricRawMessages, metricMatches,
}
