package asyncapi

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// comments is what the Go source says of package event's types.
type comments struct {
	types  map[string]string   // by type
	fields map[string]string   // by "Type.Field"
	values map[string][]string // a type's constants
}

func readComments(folder string) (*comments, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("reading the source in %q: %w", folder, os.ErrNotExist)
	}
	set, files := token.NewFileSet(), []*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("reading the source in %q: %w", folder, err)
		}
		files = append(files, f)
	}
	pkg, err := doc.NewFromFiles(set, files, "event")
	if err != nil {
		return nil, fmt.Errorf("reading the source in %q: %w", folder, err)
	}
	c := &comments{map[string]string{}, map[string]string{}, map[string][]string{}}
	for _, t := range pkg.Types {
		c.add(t)
	}
	return c, nil
}

func (c *comments) add(t *doc.Type) {
	c.types[t.Name] = line(t.Doc)
	for _, spec := range t.Decl.Specs {
		if s, ok := spec.(*ast.TypeSpec); ok {
			c.structure(t.Name, s.Type)
		}
	}
	for _, group := range t.Consts {
		for _, spec := range group.Decl.Specs {
			c.constants(t.Name, spec)
		}
	}
}

func (c *comments) structure(name string, t ast.Expr) {
	s, ok := t.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		text := line(f.Doc.Text() + " " + f.Comment.Text())
		for _, n := range f.Names {
			c.fields[name+"."+n.Name] = text
		}
	}
}

func (c *comments) constants(name string, spec ast.Spec) {
	s, ok := spec.(*ast.ValueSpec)
	if !ok {
		return
	}
	for _, v := range s.Values {
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				c.values[name] = append(c.values[name], text)
			}
		}
	}
}

// line is a comment without its line breaks.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
