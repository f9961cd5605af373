// Writes the Python SDK of a package's schema, as the engine's `pulumi package gen-sdk --local` does
// through Pulumi's language host for Python.
//
//	go run . SCHEMA FOLDER
package main

import (
	"encoding/json"
	"log"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	stop(err)
	var spec schema.PackageSpec
	stop(json.Unmarshal(text, &spec))
	pkg, found, err := schema.BindSpec(spec, schema.NewNullLoader(), schema.ValidationOptions{})
	stop(err)
	if found.HasErrors() {
		log.Fatal(found)
	}
	files, err := python.GeneratePackage("pulumi-language-python", pkg, nil, nil)
	stop(err)
	for name, content := range files {
		file := filepath.Join(os.Args[2], name)
		stop(os.MkdirAll(filepath.Dir(file), 0o755))
		stop(os.WriteFile(file, content, 0o644))
	}
}

func stop(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
