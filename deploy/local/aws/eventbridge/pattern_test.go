package eventbridge_test

import (
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
)

const sample = `{"version":"0","id":"1","detail-type":"Approved","source":"powerpole.approval","account":"0","time":"2026-11-23T06:00:00Z",
"region":"us-east-1","resources":["arn:a","arn:b"],"detail":{"n":5,"ok":true,"none":null,"name":"Taro.Yamada","empty":[],
"data":{"cluster":"orders","tags":["x","y"]},"list":[{"k":1},{"k":2}]}}`

func TestPatternOperatorsMatchAsAWSs(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for pattern, want := range map[string]bool{
		`{"source":["powerpole.approval"]}`:                                                  true,
		`{"source":["powerpole.intake","powerpole.approval"]}`:                               true,
		`{"source":["powerpole.intake"]}`:                                                    false,
		`{"source":["powerpole.approval"],"detail-type":["Denied"]}`:                         false,
		`{"source":[{"prefix":"powerpole."}]}`:                                               true,
		`{"source":[{"prefix":"aws."}]}`:                                                     false,
		`{"source":[{"suffix":".approval"}]}`:                                                true,
		`{"source":[{"prefix":{"equals-ignore-case":"POWERPOLE"}}]}`:                         true,
		`{"detail":{"name":[{"equals-ignore-case":"taro.yamada"}]}}`:                         true,
		`{"detail-type":[{"anything-but":"Approved"}]}`:                                      false,
		`{"detail-type":[{"anything-but":["Denied","Lapsed"]}]}`:                             true,
		`{"detail-type":[{"anything-but":["Denied","Approved"]}]}`:                           false,
		`{"detail-type":[{"anything-but":{"prefix":"App"}}]}`:                                false,
		`{"detail-type":[{"anything-but":{"prefix":["Den","Lap"]}}]}`:                        true,
		`{"detail":{"n":[{"anything-but":5}]}}`:                                              false,
		`{"detail":{"gone":[{"anything-but":"x"}]}}`:                                         false,
		`{"replay-name":[{"exists":false}]}`:                                                 true,
		`{"replay-name":[{"exists":true}]}`:                                                  false,
		`{"source":[{"exists":true}]}`:                                                       true,
		`{"source":[{"exists":false}]}`:                                                      false,
		`{"detail":{"data":{"cluster":[{"exists":true}]}}}`:                                  true,
		`{"detail":{"data":{"gone":[{"exists":false}]}}}`:                                    true,
		`{"detail":{"gone":{"deeper":[{"exists":false}]}}}`:                                  true,
		`{"detail":{"gone":{"deeper":[{"exists":true}]}}}`:                                   false,
		`{"detail":{"empty":[{"exists":false}]}}`:                                            true,
		`{"detail":{"none":[null]}}`:                                                         true,
		`{"detail":{"gone":[null]}}`:                                                         false,
		`{"detail":{"ok":[true]}}`:                                                           true,
		`{"detail":{"ok":["true"]}}`:                                                         false,
		`{"detail":{"n":[5]}}`:                                                               true,
		`{"detail":{"n":["5"]}}`:                                                             false,
		`{"detail":{"n":[{"numeric":[">",4,"<=",5]}]}}`:                                      true,
		`{"detail":{"n":[{"numeric":["<",5]}]}}`:                                             false,
		`{"detail":{"n":[{"numeric":["=",5]}]}}`:                                             true,
		`{"detail":{"name":[{"numeric":[">=",0]}]}}`:                                         false,
		`{"detail":{"data":{"cluster":["orders"],"tags":["y"]}}}`:                            true,
		`{"detail":{"data":{"tags":["z"]}}}`:                                                 false,
		`{"resources":[{"prefix":"arn:b"}]}`:                                                 true,
		`{"detail":{"list":{"k":[2]}}}`:                                                      true,
		`{"detail":{"list":{"k":[3]}}}`:                                                      false,
		`{"source":["no",{"prefix":"powerpole."}]}`:                                          true,
		`{"$or":[{"source":["no"]},{"detail-type":["Approved"]}]}`:                           true,
		`{"source":["powerpole.approval"],"$or":[{"source":["no"]},{"detail-type":["no"]}]}`: false,
		`{"detail":{"$or":[{"n":[{"numeric":[">",9]}]},{"data":{"cluster":["orders"]}}]}}`:   true,
		`{"detail":{"data":{"cluster":[{"anything-but":{"suffix":"ers"}}]}}}`:                false,
		`{"detail":{"name":[{"anything-but":{"equals-ignore-case":["TARO.YAMADA","x"]}}]}}`:  false,
		`{"detail":{"data":[{"exists":true}]}}`:                                              false,
	} {
		out, err := x.api.TestEventPattern(t.Context(), &eventbridge.TestEventPatternInput{EventPattern: &pattern, Event: awssdk.String(sample)})
		if err != nil || out.Result != want {
			t.Errorf("%s: %v, %v; want %v", pattern, out, err, want)
		}
	}
}

func TestAPatternThatIsNotUnderstoodIsRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for _, pattern := range []string{
		`{`, `[]`, `{}`, `"x"`, `{"a":["b"]} {}`, `{"a":"b"}`, `{"a":[]}`, `{"a":{}}`, `{"a":[["b"]]}`,
		`{"a":[{"wildcard":"b*"}]}`, `{"a":[{"cidr":"10.0.0.0/8"}]}`, `{"a":[{"preffix":"b"}]}`,
		`{"a":[{"prefix":"b","suffix":"c"}]}`, `{"a":[{"prefix":5}]}`, `{"a":[{"prefix":""}]}`, `{"a":[{"exists":"yes"}]}`,
		`{"a":[{"anything-but":[]}]}`, `{"a":[{"anything-but":{"wildcard":"x"}}]}`, `{"a":[{"anything-but":[true]}]}`,
		`{"a":[{"anything-but":{"prefix":[]}}]}`, `{"a":[{"numeric":[">"]}]}`, `{"a":[{"numeric":["~",5]}]}`,
		`{"a":[{"numeric":[">","5"]}]}`, `{"$or":[{"a":["b"]}]}`, `{"$or":{"a":["b"]}}`,
	} {
		_, err := x.api.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: awssdk.String("bad"), EventPattern: &pattern})
		if code(err) != "InvalidEventPatternException" {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}
