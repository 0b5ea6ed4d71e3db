package answer

import (
	"encoding/json"
	"io"
	"reflect"
)

// Encode writes a document of docs/json.md: indented, and with [] and {} for what is
// empty, so that a reader never has to tell null from an empty list. v itself is not changed.
func Encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if v == nil {
		return enc.Encode(nil)
	}
	return enc.Encode(filled(reflect.ValueOf(v)).Interface())
}

// filled is a copy of v in which no list and no map is nil.
func filled(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || isPlain(v.Type().Elem()) {
			return v
		}
		n := reflect.New(v.Type().Elem())
		n.Elem().Set(filled(v.Elem()))
		return n
	case reflect.Slice:
		n := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			n.Index(i).Set(filled(v.Index(i)))
		}
		return n
	case reflect.Map:
		n := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			n.SetMapIndex(it.Key(), filled(it.Value()))
		}
		return n
	case reflect.Struct:
		n := reflect.New(v.Type()).Elem()
		n.Set(v)
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.IsExported() && f.Tag.Get("json") != "-" && !isPlain(f.Type) {
				n.Field(i).Set(filled(v.Field(i)))
			}
		}
		return n
	}
	return v
}

// isPlain: nothing in a value of the type can be an empty list.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Struct:
		return false
	}
	return true
}
