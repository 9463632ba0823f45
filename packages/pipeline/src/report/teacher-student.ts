import type { Fact, TeacherStudent } from "@simclr/report";
import { percent } from "../percent.js";
import type { DistillationRecord, Shares, StageSummary } from "../results.js";

/** What images are called in the section on distillation. */
const KINDS: readonly { readonly kind: keyof Shares; readonly images: string }[] = [
  { kind: "labelled", images: "labelled training images" },
  { kind: "unlabelled", images: "unlabelled training images" },
  { kind: "test", images: "test images" },
];

/** A record of a student beside its teacher, as the report shows it. */
export function teacherStudent(record: DistillationRecord): TeacherStudent {
  const { name, round, labels, teacher, student, agreement, corrected, spoiled } = record;
  return {
    title: `${name}${round > 1 ? `, round ${round}` : ""}, ${labels} labels`,
    right: KINDS.map(({ kind, images }) => ({
      images,
      ...(teacher[kind] !== undefined && { teacher: teacher[kind] }),
      ...(student[kind] !== undefined && { student: student[kind] }),
    })),
    agreement: [
      { images: "training images", share: agreement.training },
      { images: "test images", share: agreement.test },
    ],
    outcomes: {
      bothRight: share(teacher.test - spoiled),
      onlyStudent: corrected,
      onlyTeacher: spoiled,
      bothWrong: share(1 - teacher.test - corrected),
    },
  };
}

/** Of differences of shares, which rounding may put just outside. */
const share = (value: number): number => Math.min(1, Math.max(0, value));

/** What the students' training itself said. */
export function distillationFacts(stages: readonly StageSummary[]): Fact[] {
  return stages
    .filter(({ stage }) => stage.startsWith("distilling"))
    .flatMap(({ stage, metrics }) => [
      {
        name: `${stage}: agreement with the teacher on training crops`,
        value: percent(metrics.agreement ?? 0),
      },
      { name: `${stage}: entropy of the teacher's answers`, value: `${(metrics.teacherEntropy ?? 0).toFixed(3)} nats` },
    ]);
}
