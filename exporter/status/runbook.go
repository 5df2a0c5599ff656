package status

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

const runbookHTML = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}} - dataprotection_exporter</title>
<style>{{style}}</style>
</head>
<body>
<header>
<nav><a href="/">Home</a><a href="/targets">Targets</a><a href="/runbooks/">Runbooks</a></nav>
</header>
<main>
{{.Body}}
{{- with .List}}<h1>Runbooks</h1>
<ul>{{range .}}<li><a href="/runbooks/{{.}}">{{.}}</a></li>{{end}}</ul>{{end}}
</main>
</body>
</html>
`

var (
	runbookPage = template.Must(template.New("runbook").Funcs(template.FuncMap{
		"style": func() template.CSS { return template.CSS(style) }, //nolint:gosec // our own file
	}).Parse(runbookHTML))
	reAlert  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	markdown = goldmark.New(goldmark.WithExtensions(extension.Table))
)

// Runbooks serves the runbooks of a file system with one <Alert>.md each.
type Runbooks struct {
	fs    fs.FS
	names []string
}

// NewRunbooks lists the runbooks of a file system's root.
func NewRunbooks(files fs.FS) (*Runbooks, error) {
	entries, err := fs.Glob(files, "*.md")
	if err != nil {
		return nil, fmt.Errorf("listing the runbooks: %w", err)
	}
	r := &Runbooks{fs: files}
	for _, e := range entries {
		r.names = append(r.names, strings.TrimSuffix(path.Base(e), ".md"))
	}
	slices.Sort(r.names)
	return r, nil
}

// List serves the list of runbooks.
func (r *Runbooks) List(w http.ResponseWriter, _ *http.Request) {
	r.serve(w, map[string]any{"Title": "Runbooks", "List": r.names})
}

// Alert serves the runbook of the alert named in the path.
func (r *Runbooks) Alert(w http.ResponseWriter, req *http.Request) {
	name := req.PathValue("alert")
	if !reAlert.MatchString(name) || !slices.Contains(r.names, name) {
		http.Error(w, "There is no runbook of that name; /runbooks/ lists those there are.", http.StatusNotFound)
		return
	}
	text, err := fs.ReadFile(r.fs, name+".md")
	if err != nil {
		serveHTML(w, nil, err)
		return
	}
	var body bytes.Buffer
	if err := markdown.Convert(text, &body); err != nil {
		serveHTML(w, nil, err)
		return
	}
	// goldmark escapes HTML in its input; the input is our own documentation.
	r.serve(w, map[string]any{"Title": name, "Body": template.HTML(body.String())}) //nolint:gosec // see above
}

func (r *Runbooks) serve(w http.ResponseWriter, data map[string]any) {
	var b bytes.Buffer
	err := runbookPage.Execute(&b, data)
	serveHTML(w, b.Bytes(), err)
}
