package remote

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSecretNeverPrints(t *testing.T) {
	const planted = "hunter2-planted"
	number := strings.Join([]string{"%", "d"}, "") // not a constant: vet would rightly object
	holder := struct {
		Password Secret
		Nested   map[string]Secret
		Pointer  *Secret
	}{Password: planted, Nested: map[string]Secret{"a": planted}}
	p := Secret(planted)
	holder.Pointer = &p

	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "password", holder.Password, "all", holder)
	js, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	ym, err := yaml.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{
		"%v": fmt.Sprintf("%v", holder), "%+v": fmt.Sprintf("%+v", holder), "%#v": fmt.Sprintf("%#v", holder),
		"%s": fmt.Sprintf("%s", holder.Password), "%d": fmt.Sprintf(number, holder), "%x": fmt.Sprintf("%x", holder.Password), "%q": fmt.Sprintf("%q", holder.Password),
		"json": string(js), "yaml": string(ym), "slog": log.String(),
	} {
		if strings.Contains(out, planted) {
			t.Errorf("%s prints the secret: %s", name, out)
		}
		if !strings.Contains(out, "secret>") && !strings.Contains(out, "secret\\u003e") {
			t.Errorf("%s does not show that a secret is there: %s", name, out)
		}
	}
	if holder.Password.Reveal() != planted {
		t.Error("Reveal does not give the value")
	}
}
