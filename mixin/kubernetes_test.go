package mixin

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-jsonnet"
	"go.yaml.in/yaml/v3"
	"golang.org/x/crypto/ssh"

	"dataprotection_exporter/collectors"
	"dataprotection_exporter/exporter/config"
)

const kubernetesFolder = "../deploy/kubernetes"

// TestGeneratedKubernetes compares deploy/kubernetes/ with what the mixin renders.
func TestGeneratedKubernetes(t *testing.T) {
	vm := jsonnet.MakeVM()
	vm.StringOutput = true
	files, err := vm.EvaluateFileMulti("kubernetes.jsonnet")
	if err != nil {
		t.Fatal(err)
	}
	current(t, kubernetesFolder, files)
}

// manifest is as much of a Kubernetes object as these tests look at.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct {
		Name, Namespace string
		Labels          map[string]string
	}
	Data       map[string]string
	StringData map[string]string `yaml:"stringData"`
	Spec       yaml.Node
}

// manifests reads the committed ones, by the name of their file.
func manifests(t *testing.T) map[string]manifest {
	t.Helper()
	all := map[string]manifest{}
	for _, file := range glob(t, filepath.Join(kubernetesFolder, "*.yaml*")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var m manifest
		if err := yaml.Unmarshal(text, &m); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		all[filepath.Base(file)] = m
	}
	return all
}

func spec[T any](t *testing.T, m manifest) (s T) {
	t.Helper()
	if err := m.Spec.Decode(&s); err != nil {
		t.Fatalf("%s %s: %v", m.Kind, m.Metadata.Name, err)
	}
	return s
}

var (
	reDNSLabel   = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)
	reLabelKey   = regexp.MustCompile(`^([a-z0-9.-]+/)?[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?$`)
	reLabelValue = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$`)
)

func TestKubernetesNames(t *testing.T) {
	seen := map[string]string{}
	for file, m := range manifests(t) {
		for _, name := range []string{m.Metadata.Name, m.Metadata.Namespace} {
			if !reDNSLabel.MatchString(name) || len(name) > 63 {
				t.Errorf("%s: %q is no name in Kubernetes", file, name)
			}
		}
		for k, v := range m.Metadata.Labels {
			if !reLabelKey.MatchString(k) || !reLabelValue.MatchString(v) || len(v) > 63 {
				t.Errorf("%s: the label %s=%q", file, k, v)
			}
		}
		if m.APIVersion == "" || m.Kind == "" {
			t.Errorf("%s: apiVersion %q, kind %q", file, m.APIVersion, m.Kind)
		}
		key := m.Kind + "/" + m.Metadata.Name
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s are both %s", file, other, key)
		}
		seen[key] = file
	}
}

// Each rule file is one PrometheusRule with the same groups.
func TestKubernetesRules(t *testing.T) {
	files := manifests(t)
	for system, want := range groups(t) {
		file := "prometheusrule-" + strings.ReplaceAll(system, "_", "-") + ".yaml"
		m, ok := files[file]
		if !ok || m.Kind != "PrometheusRule" {
			t.Errorf("%s is missing", file)
			continue
		}
		if got := spec[struct{ Groups []group }](t, m).Groups; !reflect.DeepEqual(got, want) {
			t.Errorf("%s has other groups than rules/%s.yml", file, system)
		}
	}
}

// Each dashboard is one ConfigMap that the sidecar of Grafana finds and kubectl
// takes.
func TestKubernetesDashboards(t *testing.T) {
	files := manifests(t)
	for _, path := range glob(t, "../dashboards/*.json") {
		name := filepath.Base(path)
		file := "dashboard-" + strings.ReplaceAll(strings.TrimSuffix(name, ".json"), "_", "-") + ".yaml"
		m, ok := files[file]
		if !ok || m.Kind != "ConfigMap" || m.Metadata.Labels["grafana_dashboard"] != "1" || len(m.Data) != 1 {
			t.Errorf("%s is missing, or no ConfigMap of one dashboard", file)
			continue
		}
		committed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal([]byte(m.Data[name]), &got); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		if err := json.Unmarshal(committed, &want); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s has another dashboard than dashboards/%s", file, name)
		}
		// A ConfigMap holds 1 MiB; kubectl apply keeps a copy of what it applied in an
		// annotation, and all annotations together hold 256 KiB.
		const limit = 256 << 10
		if whole, err := json.Marshal(map[string]any{"data": m.Data, "metadata": m.Metadata}); err != nil || len(whole) > limit-4<<10 {
			t.Errorf("%s has %d bytes, kubectl apply takes %d (%v)", file, len(whole), limit, err)
		}
	}
}

// The Service finds the pod, the pod finds its configuration, and it may do
// nothing that it does not need.
func TestKubernetesDeployment(t *testing.T) {
	files := manifests(t)
	type container struct {
		Name, Image string
		Args        []string
		Ports       []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		LivenessProbe   probe `yaml:"livenessProbe"`
		ReadinessProbe  probe `yaml:"readinessProbe"`
		Resources       struct{ Requests, Limits map[string]string }
		SecurityContext struct {
			AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
	}
	deployment := spec[struct {
		Replicas int
		Strategy struct{ Type string }
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
				SecurityContext              struct {
					RunAsNonRoot bool `yaml:"runAsNonRoot"`
					RunAsUser    int  `yaml:"runAsUser"`
					FSGroup      int  `yaml:"fsGroup"`
				} `yaml:"securityContext"`
				Containers []container
				Volumes    []struct {
					Name      string
					ConfigMap struct{ Name string } `yaml:"configMap"`
					Secret    struct {
						SecretName  string `yaml:"secretName"`
						DefaultMode int    `yaml:"defaultMode"`
					}
				}
			}
		}
	}](t, files["deployment.yaml"])
	service := spec[struct {
		Selector map[string]string
		Ports    []struct {
			Port       int
			TargetPort string `yaml:"targetPort"`
		}
	}](t, files["service.yaml"])
	pod := deployment.Template

	for k, v := range service.Selector {
		if pod.Metadata.Labels[k] != v {
			t.Errorf("the Service looks for %s=%s, the pod has %v", k, v, pod.Metadata.Labels)
		}
	}
	if len(service.Selector) == 0 || !reflect.DeepEqual(deployment.Selector.MatchLabels, service.Selector) {
		t.Errorf("the Deployment selects %v, the Service %v", deployment.Selector.MatchLabels, service.Selector)
	}
	if deployment.Replicas != 1 || deployment.Strategy.Type != "Recreate" {
		t.Error("two exporters would ask the same devices at the same time")
	}
	if token := pod.Spec.AutomountServiceAccountToken; token == nil || *token {
		t.Error("the pod gets a token it has no use for")
	}
	if s := pod.Spec.SecurityContext; !s.RunAsNonRoot || s.RunAsUser == 0 || s.FSGroup == 0 {
		t.Errorf("the pod may run as root: %+v", s)
	}
	if len(pod.Spec.Containers) != 1 {
		t.Fatalf("%d containers", len(pod.Spec.Containers))
	}
	c := pod.Spec.Containers[0]
	if s := c.SecurityContext; s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || !s.ReadOnlyRootFilesystem ||
		!reflect.DeepEqual(s.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("the container may do more than it needs: %+v", s)
	}
	if c.LivenessProbe.HTTPGet != (httpGet{"/-/healthy", "http"}) || c.ReadinessProbe.HTTPGet != (httpGet{"/-/ready", "http"}) {
		t.Errorf("probes: %+v, %+v", c.LivenessProbe, c.ReadinessProbe)
	}
	if len(c.Ports) != 1 || c.Ports[0].Name != "http" || len(service.Ports) != 1 || service.Ports[0].TargetPort != "http" || service.Ports[0].Port != c.Ports[0].ContainerPort {
		t.Errorf("ports: %+v, %+v", c.Ports, service.Ports)
	}
	if c.Resources.Requests["cpu"] == "" || c.Resources.Requests["memory"] == "" || c.Resources.Limits["memory"] == "" {
		t.Errorf("resources: %+v", c.Resources)
	}
	version, err := os.ReadFile("../VERSION")
	if err != nil {
		t.Fatal(err)
	}
	if want := "dataprotection_exporter:" + strings.TrimSpace(string(version)); c.Image != want {
		t.Errorf("the image is %s, not %s", c.Image, want)
	}

	mounted := map[string]string{}
	for _, m := range c.VolumeMounts {
		mounted[m.Name] = m.MountPath
	}
	for _, v := range pod.Spec.Volumes {
		if mounted[v.Name] == "" {
			t.Errorf("the volume %s is mounted nowhere", v.Name)
		}
		if v.ConfigMap.Name != "" && v.ConfigMap.Name != files["config.yaml.example"].Metadata.Name ||
			v.Secret.SecretName != "" && (v.Secret.SecretName != files["secret.yaml.example"].Metadata.Name || v.Secret.DefaultMode&0o007 != 0) {
			t.Errorf("the volume %+v is not what the examples make", v)
		}
	}
	loads(t, files, mounted["config"], mounted["secrets"], c.Args)
}

type httpGet struct{ Path, Port string }

type probe struct {
	HTTPGet httpGet `yaml:"httpGet"`
}

// loads puts the example configuration and its secrets where the pod has them, and
// loads it as the exporter does.
func loads(t *testing.T, files map[string]manifest, configPath, secretPath string, args []string) {
	t.Helper()
	root := t.TempDir()
	put := func(path, text string) {
		t.Helper()
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, secretPath, filepath.Join(root, secretPath))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files["config.yaml.example"].Data {
		put(filepath.Join(configPath, name), text)
	}
	for name, text := range files["secret.yaml.example"].StringData {
		if strings.Contains(text, "private key") {
			_, private, err := ed25519.GenerateKey(rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			block, err := ssh.MarshalPrivateKey(private, "")
			if err != nil {
				t.Fatal(err)
			}
			text = string(pem.EncodeToMemory(block))
		}
		put(filepath.Join(secretPath, name), text)
	}
	var loaded []string
	for _, arg := range args {
		if file, ok := strings.CutPrefix(arg, "--config.file="); ok {
			loaded = append(loaded, filepath.Join(root, file))
		}
	}
	cfg, err := config.Load(loaded, collectors.Systems)
	if err != nil {
		t.Fatalf("the example configuration does not load: %v", err)
	}
	if len(cfg.Targets) == 0 {
		t.Error("the example configuration has no targets")
	}
}

// Prometheus asks the Service for its targets, and scrapes its own metrics.
func TestKubernetesScrapeConfigs(t *testing.T) {
	files := manifests(t)
	type scrape struct {
		HTTPSDConfigs  []struct{ URL string }       `yaml:"httpSDConfigs"`
		StaticConfigs  []struct{ Targets []string } `yaml:"staticConfigs"`
		Relabelings    []map[string]string          `yaml:"relabelings"`
		MetricsPath    string                       `yaml:"metricsPath"`
		ScrapeInterval string                       `yaml:"scrapeInterval"`
	}
	service := files["service.yaml"].Metadata
	address := service.Name + "." + service.Namespace + ".svc:10048"

	targets := spec[scrape](t, files["scrapeconfig-targets.yaml"])
	if len(targets.HTTPSDConfigs) != 1 || targets.HTTPSDConfigs[0].URL != "http://"+address+"/sd" {
		t.Errorf("targets come from %+v, the Service is %s", targets.HTTPSDConfigs, address)
	}
	own := spec[scrape](t, files["scrapeconfig-exporter.yaml"])
	if len(own.StaticConfigs) != 1 || !reflect.DeepEqual(own.StaticConfigs[0].Targets, []string{address}) || own.MetricsPath != "/metrics" {
		t.Errorf("the exporter is scraped at %+v, the Service is %s", own, address)
	}
	if reflect.DeepEqual(targets.Relabelings, own.Relabelings) || len(targets.Relabelings) != 1 || targets.Relabelings[0]["targetLabel"] != "job" {
		t.Errorf("the jobs: %v, %v", targets.Relabelings, own.Relabelings)
	}
}

// Names, namespace, image and labels are those of the configuration, everywhere.
func TestKubernetesOverrides(t *testing.T) {
	vm := jsonnet.MakeVM()
	vm.StringOutput = true
	files, err := vm.EvaluateAnonymousSnippetMulti("override.jsonnet", `
		local kubernetes = import 'lib/kubernetes.libsonnet';
		local original = import 'mixin.libsonnet';
		local mixin = original + {
			_config+:: { exporterURL: '', grafanaURL: '', kubernetes+: {
				namespace: 'watch', name: 'dpx', image: 'registry.example/dpx:9', job: 'dp2', scrapeInterval: '77s', scrapeTimeout: '66s',
				operatorLabels: { release: 'kps' }, dashboardLabels: { board: 'yes' }, user: 4711, resources: { limits: { memory: '99Mi' } },
				storage: { persistentVolumeClaim: { claimName: 'dpx-state' } },
			} },
			// Their texts are not what this is about.
			_systems:: { [s]: { rules: original._systems[s].rules, alerts: [] } for s in std.objectFields(original._systems) },
			grafanaDashboards:: { 'one_board.json': {} },
		};
		kubernetes.files(kubernetes.objects(mixin))
	`)
	if err != nil {
		t.Fatal(err)
	}
	whole := ""
	for name, text := range files {
		var m manifest
		if err := yaml.Unmarshal([]byte(text), &m); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if m.Metadata.Namespace != "watch" || !strings.HasPrefix(m.Metadata.Name, "dpx") {
			t.Errorf("%s is %s in %s", name, m.Metadata.Name, m.Metadata.Namespace)
		}
		label := map[string]string{"PrometheusRule": "release", "ScrapeConfig": "release"}[m.Kind]
		if strings.HasPrefix(name, "dashboard-") {
			label = "board"
		}
		if label != "" && m.Metadata.Labels[label] == "" {
			t.Errorf("%s has the labels %v", name, m.Metadata.Labels)
		}
		whole += text
	}
	for _, want := range []string{
		"dpx.watch.svc:10048", "registry.example/dpx:9", `"dp2"`, `"dp2_exporter"`, "77s", "66s", "99Mi", "4711", "dpx-state",
	} {
		if !strings.Contains(whole, want) {
			t.Errorf("%s is nowhere", want)
		}
	}
	for _, old := range []string{"monitoring.svc", `"monitoring"`, "dataprotection-exporter", "dataprotection_exporter:0", "65534", "45s", "512Mi", "emptyDir", "grafana_dashboard"} {
		if strings.Contains(whole, old) {
			t.Errorf("%s is still there", old)
		}
	}
}
