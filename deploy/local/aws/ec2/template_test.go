package ec2_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
)

// bastion makes a launch template and returns its id.
func bastion(t *testing.T, c *awsec2.Client) string {
	t.Helper()
	out, err := c.CreateLaunchTemplate(t.Context(), &awsec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("bastion"), ClientToken: aws.String("once"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{
			ImageId: aws.String("ami-9"), InstanceType: types.InstanceTypeT4gNano,
			MetadataOptions: &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: types.LaunchTemplateHttpTokensStateRequired},
			BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{
				DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{Encrypted: aws.Bool(true), VolumeSize: aws.Int32(8)},
			}},
			TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{{
				ResourceType: types.ResourceTypeInstance,
				Tags:         []types.Tag{{Key: aws.String("team"), Value: aws.String("data")}},
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.LaunchTemplate.LaunchTemplateId
}

func fromTemplate(token string, version *string) *awsec2.RunInstancesInput {
	in := order(token)
	in.ImageId, in.InstanceType = nil, ""
	in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateName: aws.String("bastion"), Version: version}
	return in
}

func TestALaunchTakesFromItsTemplateWhatTheCallDoesNotSay(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	id := bastion(t, c)
	in := fromTemplate("a", nil)
	in.InstanceType = types.InstanceTypeT4gMicro
	in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateId: &id}
	i := launch(t, c, in)
	if *i.ImageId != "ami-9" || i.InstanceType != types.InstanceTypeT4gMicro || i.MetadataOptions.HttpTokens != types.HttpTokensStateRequired {
		t.Errorf("instance %+v", i)
	}
	got, _ := s.Instance(*i.InstanceId)
	if got.Tags["team"] != "data" || got.Tags["powerpole:request"] != "a" || !*got.Spec.BlockDevices[0].EBS.Encrypted {
		t.Errorf("instance %+v", got)
	}
}

func TestALaunchCanNameAVersionOfItsTemplate(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	bastion(t, c)
	_, err := c.CreateLaunchTemplateVersion(t.Context(), &awsec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateName: aws.String("bastion"), SourceVersion: aws.String("1"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-10")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for version, image := range map[string]string{"$Default": "ami-9", "1": "ami-9", "$Latest": "ami-10", "2": "ami-10"} {
		if i := launch(t, c, fromTemplate(version, &version)); *i.ImageId != image || i.InstanceType != types.InstanceTypeT4gNano {
			t.Errorf("version %s: image %s of type %s, want %s", version, *i.ImageId, i.InstanceType, image)
		}
	}
	_, err = c.RunInstances(t.Context(), fromTemplate("x", aws.String("3")))
	wantCode(t, err, "InvalidLaunchTemplateId.VersionNotFound")
}

func TestATemplateIsMadeOncePerNameAndTheSameCallMayBeRepeated(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	if first, again := bastion(t, c), bastion(t, c); first != again {
		t.Errorf("templates %s and %s of one call", first, again)
	}
	_, err := c.CreateLaunchTemplate(t.Context(), &awsec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("bastion"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-1")},
	})
	wantCode(t, err, "InvalidLaunchTemplateName.AlreadyExistsException")
}

func TestATemplateCanBeReadBackAndDeleted(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	id := bastion(t, c)
	name := []string{"bastion"}
	all, err := c.DescribeLaunchTemplates(t.Context(), &awsec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: name})
	if err != nil || len(all.LaunchTemplates) != 1 || *all.LaunchTemplates[0].LaunchTemplateId != id || *all.LaunchTemplates[0].LatestVersionNumber != 1 {
		t.Fatalf("templates %+v, %v", all, err)
	}
	vs, err := c.DescribeLaunchTemplateVersions(t.Context(), &awsec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: []string{"$Latest"}})
	if err != nil || len(vs.LaunchTemplateVersions) != 1 {
		t.Fatalf("versions %+v, %v", vs, err)
	}
	data := vs.LaunchTemplateVersions[0].LaunchTemplateData
	if *data.ImageId != "ami-9" || *data.BlockDeviceMappings[0].Ebs.VolumeSize != 8 || *data.TagSpecifications[0].Tags[0].Key != "team" {
		t.Errorf("data %+v", data)
	}
	if _, err := c.DeleteLaunchTemplate(t.Context(), &awsec2.DeleteLaunchTemplateInput{LaunchTemplateName: aws.String("bastion")}); err != nil {
		t.Fatal(err)
	}
	_, err = c.DescribeLaunchTemplates(t.Context(), &awsec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: name})
	wantCode(t, err, "InvalidLaunchTemplateName.NotFoundException")
}

func TestTemplatesAreFoundByNameTagAndId(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	id := bastion(t, c)
	_, err := c.CreateLaunchTemplate(t.Context(), &awsec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("other"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-1")},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeLaunchTemplate, Tags: []types.Tag{{Key: aws.String("colour"), Value: aws.String("red")}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]*awsec2.DescribeLaunchTemplatesInput{
		"bastion other": {},
		"bastion":       {LaunchTemplateIds: []string{id}},
		"bastion ":      {Filters: []types.Filter{where("launch-template-name", "b*")}},
		"other":         {Filters: []types.Filter{where("tag:colour", "red")}},
	} {
		out, err := c.DescribeLaunchTemplates(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, lt := range out.LaunchTemplates {
			names = append(names, *lt.LaunchTemplateName)
		}
		if got := strings.Join(names, " "); got != strings.TrimSpace(want) {
			t.Errorf("found %s, want %s", got, want)
		}
	}
}

func TestABadTemplateIsRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	good := types.RequestLaunchTemplateData{ImageId: aws.String("ami-1")}
	badTokens, badData := good, good
	badTokens.MetadataOptions = &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: "maybe"}
	badData.UserData = aws.String("#!")
	for _, tc := range []struct {
		code, name string
		data       types.RequestLaunchTemplateData
	}{
		{"InvalidLaunchTemplateName.MalformedException", "a b", good},
		{"MissingParameter", "empty", types.RequestLaunchTemplateData{}},
		{"InvalidParameterValue", "tokens", badTokens},
		{"InvalidUserData.Malformed", "data", badData},
	} {
		_, err := c.CreateLaunchTemplate(t.Context(), &awsec2.CreateLaunchTemplateInput{LaunchTemplateName: &tc.name, LaunchTemplateData: &tc.data})
		wantCode(t, err, tc.code)
	}
	_, err := c.DeleteLaunchTemplate(t.Context(), &awsec2.DeleteLaunchTemplateInput{LaunchTemplateId: aws.String("lt-0")})
	wantCode(t, err, "InvalidLaunchTemplateId.NotFound")
	_, err = c.DeleteLaunchTemplate(t.Context(), &awsec2.DeleteLaunchTemplateInput{})
	wantCode(t, err, "InvalidParameterCombination")
}
