// Renders a chart as `helm template` does, as far as our chart goes: Go's text/template with sprig, and the functions that Helm adds.
//
//	render CHART RELEASE NAMESPACE [VALUES.yaml]
//
// Built by Debian's Go with Debian's libraries, which have sprig but no Helm.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"sigs.k8s.io/yaml"
)

type object = map[string]interface{}

func main() {
	if len(os.Args) < 4 {
		fail("usage: render CHART RELEASE NAMESPACE [VALUES.yaml]")
	}
	chart, release, namespace := os.Args[1], os.Args[2], os.Args[3]
	values := readYaml(filepath.Join(chart, "values.yaml"))
	for _, file := range os.Args[4:] {
		merge(values, readYaml(file))
	}
	about := readYaml(filepath.Join(chart, "Chart.yaml"))
	data := object{
		"Values":  values,
		"Chart":   object{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": object{"Name": release, "Namespace": namespace, "Service": "Helm"},
	}
	render(filepath.Join(chart, "templates"), data)
}

func render(folder string, data object) {
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	check(err)
	sort.Strings(files)
	all := template.New("chart").Option("missingkey=zero")
	functions := sprig.TxtFuncMap()
	// Helm takes these away: a chart must not depend on the machine that renders it.
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(value interface{}) (string, error) {
		text, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(text), "\n"), err
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		var text strings.Builder
		err := all.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	all.Funcs(functions)
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		template.Must(all.New(filepath.Base(file)).Parse(string(text)))
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "_") {
			continue
		}
		var text strings.Builder
		check(all.ExecuteTemplate(&text, filepath.Base(file), data))
		// Helm writes "<no value>" for nothing, and then replaces it so.
		fmt.Printf("---\n%s\n", strings.Trim(strings.ReplaceAll(text.String(), "<no value>", ""), "\n"))
	}
}

// Maps are merged, anything else is replaced, null removes: as Helm does with --values.
func merge(into, from object) {
	for key, value := range from {
		inner, isMap := value.(object)
		old, wasMap := into[key].(object)
		switch {
		case value == nil:
			delete(into, key)
		case isMap && wasMap:
			merge(old, inner)
		default:
			into[key] = value
		}
	}
}

func readYaml(file string) object {
	text, err := os.ReadFile(file)
	check(err)
	values := object{}
	check(yaml.Unmarshal(text, &values))
	return values
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(text string) {
	fmt.Fprintln(os.Stderr, "render: "+text)
	os.Exit(1)
}
