using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Microsoft.ML.Continual.Engineering;

/// <summary>
/// Writes the public and protected members of an assembly as text, one line a member: <c>DeclaringType | member</c>.
/// Two assemblies that give the same line for a member have it with the same signature.
/// </summary>
/// <remarks>
/// Types stand by their full name, nested ones with a dot, generic ones with their arguments. Modifiers, <c>this</c>, <c>out</c>,
/// <c>ref</c>, <c>in</c>, <c>params</c> and default values stand as declared. Constructors read <c>new(…)</c>, and each type has a
/// header <c>Type | class : bases</c>. An inherited member stands at its declaring type only.
/// </remarks>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>The lines of all exported types, sorted ordinally, without duplicates.</summary>
    public static SortedSet<string> Lines(IEnumerable<Assembly> assemblies)
    {
        var lines = new SortedSet<string>(StringComparer.Ordinal);
        foreach (Assembly assembly in assemblies)
        {
            foreach (Type type in ExportedTypes(assembly))
                lines.UnionWith(Lines(type));
        }
        return lines;
    }

    /// <summary>The header and the member lines of one type.</summary>
    public static IEnumerable<string> Lines(Type type)
    {
        string name = Name(type);
        IEnumerable<string> members =
            typeof(Delegate).IsAssignableFrom(type) ? [] :
            type.IsEnum ? EnumMembers(type) :
            Constructors(type).Concat(Methods(type)).Concat(Properties(type)).Concat(Fields(type)).Concat(Events(type));
        return members.Prepend(Header(type)).Select(member => $"{name} | {member}");
    }

    // An assembly whose dependency is absent still lists the types that could be loaded.
    private static IEnumerable<Type> ExportedTypes(Assembly assembly)
    {
        try
        {
            return assembly.GetExportedTypes();
        }
        catch (ReflectionTypeLoadException exception)
        {
            return exception.Types.OfType<Type>().Where(type => type.IsVisible);
        }
    }

    private static string Header(Type type)
    {
        if (typeof(Delegate).IsAssignableFrom(type) && type.GetMethod("Invoke") is { } invoke)
            return $"delegate {Name(invoke.ReturnType)}({Parameters(invoke)})";
        if (type.IsEnum)
            return "enum";

        string kind =
            type.IsInterface ? "interface" :
            type.IsValueType ? "struct" :
            type is { IsAbstract: true, IsSealed: true } ? "static class" :
            type.IsAbstract ? "abstract class" :
            type.IsSealed ? "sealed class" : "class";
        IEnumerable<string> bases = type.GetInterfaces().Select(Name).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && !type.IsValueType)
            bases = bases.Prepend(Name(parent));
        string list = string.Join(", ", bases);
        return list.Length == 0 ? kind : $"{kind} : {list}";
    }

    private static IEnumerable<string> EnumMembers(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}");

    private static IEnumerable<string> Constructors(Type type) =>
        type.GetConstructors(Declared)
            .Where(constructor => IsVisible(constructor) && !constructor.IsStatic)
            .Select(constructor => $"{Modifiers(constructor)}new({Parameters(constructor)})");

    private static IEnumerable<string> Methods(Type type) =>
        type.GetMethods(Declared)
            .Where(method => IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)))
            .Select(method => $"{Modifiers(method)}{Name(method.ReturnType)} {method.Name}{TypeArguments(method)}({Parameters(method)})");

    private static IEnumerable<string> Properties(Type type)
    {
        foreach (PropertyInfo property in type.GetProperties(Declared))
        {
            bool reads = IsVisible(property.GetMethod), writes = IsVisible(property.SetMethod);
            if (!reads && !writes)
                continue;
            string modifiers = Modifiers((reads ? property.GetMethod : property.SetMethod)!);
            string index = string.Join(", ", property.GetIndexParameters().Select(p => $"{Name(p.ParameterType)} {p.Name}"));
            yield return $"{modifiers}{Name(property.PropertyType)} {property.Name}{(index.Length == 0 ? "" : $"[{index}]")} " +
                $"{{ {(reads ? "get; " : "")}{(writes ? "set; " : "")}}}";
        }
    }

    private static IEnumerable<string> Fields(Type type) =>
        type.GetFields(Declared)
            .Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly)
            .Select(field =>
                (field.IsLiteral ? "const " : field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "") +
                $"{Name(field.FieldType)} {field.Name}" + (field.IsLiteral ? $" = {Constant(field.GetRawConstantValue())}" : ""));

    private static IEnumerable<string> Events(Type type) =>
        type.GetEvents(Declared)
            .Where(declared => IsVisible(declared.AddMethod))
            .Select(declared => $"{Modifiers(declared.AddMethod!)}event {Name(declared.EventHandlerType!)} {declared.Name}");

    private static bool IsVisible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static string Modifiers(MethodBase method)
    {
        string access = method.IsFamily || method.IsFamilyOrAssembly ? "protected " : "";
        string kind =
            method.IsStatic ? "static " :
            method.IsAbstract ? "abstract " :
            method is not MethodInfo { IsVirtual: true, IsFinal: false } declared ? "" :
            declared.GetBaseDefinition() != declared ? "override " : "virtual ";
        return access + kind;
    }

    private static string TypeArguments(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Parameters(MethodBase method)
    {
        bool isExtension = method.IsDefined(typeof(ExtensionAttribute), false);
        return string.Join(", ", method.GetParameters().Select((parameter, index) =>
        {
            string prefix = isExtension && index == 0 ? "this " : "";
            string passing =
                parameter.IsOut ? "out " :
                parameter.ParameterType.IsByRef ? (parameter.IsIn ? "in " : "ref ") :
                parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params " : "";
            string value = parameter.HasDefaultValue ? $" = {DefaultValue(parameter)}" : "";
            return $"{prefix}{passing}{Name(parameter.ParameterType).TrimEnd('&')} {parameter.Name}{value}";
        }));
    }

    private static string DefaultValue(ParameterInfo parameter)
    {
        try
        {
            return Constant(parameter.RawDefaultValue);
        }
        catch (Exception exception) when (exception is FormatException or InvalidOperationException)
        {
            return "default"; // metadata without a constant, as for some structs
        }
    }

    private static string Constant(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Name(Type type)
    {
        if (type.IsByRef)
            return Name(type.GetElementType()!) + "&";
        if (type.IsPointer)
            return Name(type.GetElementType()!) + "*";
        if (type.IsArray)
            return $"{Name(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsGenericParameter)
            return type.Name;
        if (!type.IsGenericType)
            return (type.FullName ?? type.Name).Replace('+', '.');

        // Outer`1+Inner`2 with [A, B, C] -> Outer<A>.Inner<B, C>
        Type definition = type.GetGenericTypeDefinition();
        var arguments = new Queue<Type>(type.GetGenericArguments());
        var name = new StringBuilder();
        foreach (string part in (definition.FullName ?? definition.Name).Replace('+', '.').Split('.'))
        {
            if (name.Length > 0)
                name.Append('.');
            int mark = part.IndexOf('`', StringComparison.Ordinal);
            name.Append(mark < 0 ? part : part[..mark]);
            if (mark < 0)
                continue;
            int count = int.Parse(part.AsSpan(mark + 1), CultureInfo.InvariantCulture);
            name.Append('<').AppendJoin(", ", Enumerable.Range(0, count).Select(_ => Name(arguments.Dequeue()))).Append('>');
        }
        return name.ToString();
    }
}
